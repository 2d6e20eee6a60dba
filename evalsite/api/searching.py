"""Search by API: what the search page finds."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from evalsite.api.views import checked
from evalsite.search import LONGEST, search


class SearchQuery(serializers.Serializer[Any]):
    """What is looked for."""

    q = serializers.CharField(max_length=LONGEST, help_text="A part of a name; of an item the beginning of its key.")


class HitSerializer(serializers.Serializer[Any]):
    """One thing that was found."""

    kind = serializers.SerializerMethodField(help_text="experiment, dataset, prompt, provider, run, item or page.")
    id = serializers.SerializerMethodField(help_text="Of an item that of its dataset; null: a page.")
    name = serializers.CharField(help_text="Of an item its key.")
    within = serializers.CharField(help_text="Its project; of a run its experiment, of an item its dataset.")
    url = serializers.SerializerMethodField(help_text="Of its page.")

    def get_kind(self, hit: Any) -> str:
        """Return what it is."""
        return str(hit.kind).lower()

    def get_id(self, hit: Any) -> str | None:
        """Return what its routes of the API name."""
        return hit.uid or None

    def get_url(self, hit: Any) -> str:
        """Return the whole address of its page."""
        return str(self.context["request"].build_absolute_uri(hit.url))


class FoundSerializer(serializers.Serializer[Any]):
    """What was found, in the form of a list."""

    items = HitSerializer(many=True)
    total = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, help_text="Null: a search shows 20 at most.")


class SearchViewSet(ViewSet):
    """Search over everything that the caller may see."""

    @extend_schema(operation_id="search", parameters=[SearchQuery], responses=FoundSerializer)
    def find(self, request: Request) -> Response:
        """Return at most 20 things: experiments, datasets, prompts, providers, runs, items of drafts, pages."""
        found = search(request.user, checked(SearchQuery, request.query_params.dict())["q"])
        shown = {"items": found, "total": len(found), "next": None}
        return Response(FoundSerializer(shown, context={"request": request}).data)
