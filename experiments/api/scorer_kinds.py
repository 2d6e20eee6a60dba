"""Kinds of scorers by API: what each does, its options, one tried on an answer."""

from decimal import Decimal
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from evalsite.api.fields import NumberField, ObjectField, RequestSerializer, TextField, TextOrObjectField, WholeField
from evalsite.api.lists import PageQuery
from evalsite.api.views import answered, checked
from experiments.api.scorers import VerdictSerializer
from experiments.models import Scope
from scoring.judging.kinds import ScorerKind
from scoring.judging.trying import try_scorer
from scoring.scorers.base import Question

MOST_CHARACTERS = 100_000


class KindExampleSerializer(serializers.Serializer[Any]):
    """An answer, and what the scorer says of it."""

    options = serializers.DictField(source="example.options")
    answer = serializers.CharField(source="example.text")
    expected = serializers.JSONField(source="example.expected", allow_null=True)
    metadata = serializers.DictField(source="example.metadata")
    verdict = VerdictSerializer(allow_null=True)


class ScorerKindSerializer(serializers.Serializer[Any]):
    """A kind of scorer; `options` maps each option to its JSON Schema, with its default."""

    kind = serializers.CharField(source="name")
    label = serializers.CharField()  # type: ignore[assignment] # a field, not the property
    description = serializers.CharField(source="help_text")
    range = serializers.ListField(
        source="natural_range", child=serializers.FloatField(), allow_null=True, help_text="Null: give one."
    )
    higher_is_better = serializers.BooleanField()
    default_weight = serializers.FloatField()
    is_given_by_people = serializers.SerializerMethodField()
    options = serializers.DictField(source="schema", child=serializers.DictField())
    examples = KindExampleSerializer(many=True)

    def get_is_given_by_people(self, kind: ScorerKind) -> bool:
        """Return whether people give the values: then there is nothing to try."""
        return not kind.is_tried


class ScorerKindPageSerializer(serializers.Serializer[Any]):
    """The kinds of scorers."""

    items = ScorerKindSerializer(many=True)
    total = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)


class KindTrial(RequestSerializer):
    """An answer, and the item as far as the scorer looks at it."""

    answer = TextField(allow_blank=True, max_length=MOST_CHARACTERS)
    options = ObjectField(required=False, default=dict, limit=65_536)
    expected = serializers.JSONField(required=False, allow_null=True, default=None, help_text="A value, or a list.")
    input = TextOrObjectField(required=False, default="", limit=MOST_CHARACTERS)
    metadata = ObjectField(required=False, default=dict, limit=65_536)
    latency_ms = WholeField(required=False, allow_null=True, min_value=0, max_value=10**12)
    cost_usd = NumberField(required=False, allow_null=True, min_value=0)


class ScorerKindViewSet(ViewSet):
    """The kinds of scorers that the site has. They belong to no project."""

    writing_scope = Scope.READ  # a trial writes nothing

    @extend_schema(operation_id="scorers_list", parameters=[PageQuery], responses=ScorerKindPageSerializer)
    def kinds(self, request: Request) -> Response:
        """List the kinds of scorers, those of installed packages last."""
        query = checked(PageQuery, request.query_params)
        kinds, first = ScorerKind.all(), query["offset"]
        end = first + query["limit"]
        following = f"{request.path}?limit={query['limit']}&offset={end}"
        address = request.build_absolute_uri(following) if end < len(kinds) else None
        page = {"items": kinds[first:end], "total": len(kinds), "next": address}
        return Response(ScorerKindPageSerializer(page).data)

    @extend_schema(responses=ScorerKindSerializer)
    def retrieve(self, request: Request, kind: str) -> Response:
        """Show one kind of scorer: what it looks at, its options, examples with their verdicts."""
        return answered(request, ScorerKindSerializer(_kind_or_404(kind)).data)

    @extend_schema(request=KindTrial, responses=VerdictSerializer)
    def trial(self, request: Request, kind: str) -> Response:
        """Try a kind of scorer on an answer; nothing is stored and no model is called."""
        found, values = _kind_or_404(kind), checked(KindTrial, request.data)
        cost = values.get("cost_usd")
        verdict = try_scorer(
            kind=found.name,
            options=values["options"],
            question=Question("", values["input"], values["expected"], values["metadata"], ()),
            text=values["answer"],
            latency_ms=values.get("latency_ms"),
            cost_usd=None if cost is None else Decimal(str(cost)),
        )
        return Response(VerdictSerializer(verdict).data)


def _kind_or_404(name: str) -> ScorerKind:
    found = ScorerKind.of(name)
    if found is None:
        raise Http404
    return found
