"""Providers by API. What a header says is never shown: it may be a secret."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import FlagField, NumberField, ObjectField, RequestSerializer, TextField, WholeField
from evalsite.api.lists import Order
from evalsite.api.views import ArchivableViewSet, changed, checked, put_away
from experiments.actions import create_provider, delete_provider, edit_provider, pause_provider, resume_provider
from experiments.actions.providers import KEY_LENGTH
from experiments.api.references import project_from
from experiments.credentials import key_state
from experiments.models import Provider
from runs.actions.testing import test_provider
from runs.limits.usage import limits_now


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    """A provider: the name of its key's variable, the names of its headers."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    header_names = serializers.SerializerMethodField()
    is_key_seen = serializers.SerializerMethodField()
    is_key_stored = serializers.SerializerMethodField()
    options = ObjectField()
    prices = ObjectField(help_text='USD per million tokens: {"model": {"input": 2.5, "output": 10}}.')

    class Meta:
        model = Provider
        fields = [
            "id",
            "project_id",
            "name",
            "kind",
            "base_url",
            "api_key_env",
            "is_key_seen",
            "is_key_stored",
            "header_names",
            "options",
            "max_in_flight",
            "requests_per_minute",
            "tokens_per_minute",
            "timeout_s",
            "pause_reason",
            "prices",
            "archived_at",
            "created_at",
        ]

    def get_header_names(self, provider: Provider) -> list[str]:
        """Return the names of the extra headers."""
        return sorted(provider.headers)

    def get_is_key_seen(self, provider: Provider) -> bool:
        """Return whether the web process has the key: stored, or in the variable that is named."""
        return key_state(provider).is_set

    def get_is_key_stored(self, provider: Provider) -> bool:
        """Return whether a key was typed and is stored encrypted."""
        return key_state(provider).is_stored


class ProviderChange(RequestSerializer):
    """What may be changed of a provider; what is left out stays."""

    name = TextField(required=False, max_length=100)
    kind = TextField(required=False, max_length=50)
    base_url = TextField(required=False, max_length=500, allow_blank=True)
    api_key_env = TextField(required=False, max_length=200, allow_blank=True)
    api_key = TextField(
        required=False,
        allow_null=True,
        max_length=KEY_LENGTH,
        help_text="Stored encrypted and never shown again; null removes it. Other URL or headers: type it again.",
    )
    headers = ObjectField(required=False, limit=16_384)
    options = ObjectField(required=False, limit=16_384)
    max_in_flight = WholeField(required=False, min_value=1, max_value=10_000)
    requests_per_minute = WholeField(required=False, allow_null=True, min_value=1, max_value=2**31 - 1)
    tokens_per_minute = WholeField(required=False, allow_null=True, min_value=1, max_value=2**31 - 1)
    timeout_s = NumberField(required=False, allow_null=True, min_value=0.1)
    prices = ObjectField(required=False, limit=65_536)


class ProviderEdit(ProviderChange):
    """What may be changed of a provider that there is."""

    archived = FlagField(required=False)


class NewProvider(ProviderChange):
    """A provider that is to be made."""

    project = TextField(required=False, help_text="Id or name; left out: the only project that you may edit.")
    name = TextField(max_length=100)
    kind = TextField(max_length=50, default="openai")


class TestRequest(RequestSerializer):
    """What is asked of a provider."""

    model = TextField(required=False, default="", allow_blank=True, max_length=200, help_text="Left out: any.")


class TestSerializer(serializers.Serializer[Any]):
    """What one call to a provider came to."""

    model = serializers.CharField(allow_blank=True)
    text = serializers.CharField(allow_blank=True)
    latency_ms = serializers.IntegerField(allow_null=True)
    first_token_ms = serializers.IntegerField(allow_null=True)
    tokens_in = serializers.IntegerField(allow_null=True)
    tokens_out = serializers.IntegerField(allow_null=True)
    limits = serializers.DictField(child=serializers.CharField(), help_text="Headers that speak of rate limits.")
    models = serializers.ListField(child=serializers.CharField(), help_text="Those that it lists.")
    error = serializers.CharField(allow_blank=True, help_text='What went wrong and what to do; "": it answered.')


class LimitsSerializer(serializers.Serializer[Any]):
    """How a provider's limits are used at this moment."""

    in_flight = serializers.IntegerField()
    waiting = serializers.IntegerField()
    requests_last_minute = serializers.IntegerField()
    tokens_last_minute = serializers.IntegerField()
    share_of_limit = serializers.FloatField(help_text="A 429 lowers it, success raises it; 1.0: all of the limits.")
    held_for_s = serializers.FloatField(help_text="Seconds that the provider asked to wait.")
    throttled_at = serializers.DateTimeField(allow_null=True, help_text="The last 429.")
    throttled_count = serializers.IntegerField()


class ProviderViewSet(ArchivableViewSet):
    """Providers."""

    queryset = Provider.objects.select_related("project", "stored_key")
    serializer_class = ProviderSerializer
    order = Order("name")

    @extend_schema(request=NewProvider, responses={201: ProviderSerializer})
    def create(self, request: Request) -> Response:
        """Make a provider."""
        values = checked(NewProvider, request.data)
        project = project_from(request.user, values.pop("project", None))
        return self.answer_created(request, lambda: create_provider(project=project, by=request.user, **values))

    @extend_schema(request=ProviderEdit, responses=ProviderSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change a provider, or archive it; limits, timeouts and prices are in force at once."""
        with self.as_read(request) as provider, transaction.atomic():
            values = checked(ProviderEdit, request.data)
            put_away(provider, values, request.user)
            edit_provider(provider=provider, by=request.user, changes=values)
        return changed(self.shown(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete a provider with its stored key; 409 names the experiments that use it."""
        with self.as_read(request) as provider:
            delete_provider(provider=provider, by=request.user)
        return Response(status=204)

    @extend_schema(request=TestRequest, responses=TestSerializer)
    def test(self, request: Request, **_: Any) -> Response:
        """Make one real call, of at most 30 s, and tell what came back: the answer, or what to do."""
        provider, values = self.get_object(), checked(TestRequest, request.data)
        return Response(TestSerializer(test_provider(provider=provider, by=request.user, **values)).data)

    @extend_schema(responses=LimitsSerializer)
    def limits(self, _request: Request, **_: Any) -> Response:
        """How its limits are used at this moment, over all workers."""
        return Response(LimitsSerializer(limits_now(self.get_object())).data)

    @extend_schema(request=None, responses=ProviderSerializer)
    def pause(self, request: Request, **_: Any) -> Response:
        """Let no new call begin; open calls end, runs keep what they have and wait."""
        provider = self.get_object()
        pause_provider(provider=provider, by=request.user)
        return changed(self.shown(provider))

    @extend_schema(request=None, responses=ProviderSerializer)
    def resume(self, request: Request, **_: Any) -> Response:
        """Let calls begin again."""
        provider = self.get_object()
        resume_provider(provider=provider, by=request.user)
        return changed(self.shown(provider))
