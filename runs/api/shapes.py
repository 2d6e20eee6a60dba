"""Runs and results as the API shows them."""

from functools import cached_property
from typing import Any, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from experiments.configs import shown
from runs.api.details import RunDetail
from runs.live.standstill import standstills_of
from runs.models import Result, Run, RunStatus
from runs.result_addresses import address_of

SCORE = {"$ref": "#/components/schemas/Score"}
NUMBER = {"type": "number", "nullable": True}
WHOLE = {"type": "integer", "nullable": True}
TEXT = {"type": "string"}


def described(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object that has all of these and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


STAGE = described(result=TEXT, stage=TEXT, status=TEXT, ms=NUMBER, wait_ms=NUMBER)
STAGE_SUMMARY = described(
    stage=TEXT, count={"type": "integer"}, errors={"type": "integer"}, p50_ms=WHOLE, p95_ms=WHOLE, total_ms=WHOLE
)
SCORER_SUMMARY = described(scorer=TEXT, value=NUMBER, low=NUMBER, high=NUMBER, n={"type": "integer"})
MESSAGE = {
    "type": "object",
    "description": "One message; `call` tells of the call that made it, where one did.",
    "properties": {
        "role": TEXT,
        "parts": {"type": "array", "items": {"type": "object", "additionalProperties": {}}},
        "call": {"type": "object", "additionalProperties": {}},
    },
    "required": ["role", "parts"],
}


class RunConfigSerializer(serializers.Serializer[Any]):
    """What a run used, stored with it."""

    prompt = serializers.JSONField(source="messages")
    provider = serializers.CharField(source="kind", help_text="The kind of the provider.")
    base_url = serializers.CharField()
    model = serializers.CharField()
    params = serializers.DictField()
    input_data = serializers.JSONField(allow_null=True, help_text="Of ad-hoc runs: a text or an object.")

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration; runs over a dataset have no input of their own."""
        return super().to_representation({"input_data": None, **shown(instance)})


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run as lists show it."""

    id = serializers.UUIDField(source="uid")
    experiment_id = serializers.UUIDField(source="experiment.uid")
    candidate = serializers.CharField(source="name")
    config = RunConfigSerializer()
    status = serializers.ChoiceField(choices=RunStatus.choices)
    duration_ms = serializers.IntegerField(allow_null=True)
    status_reason = serializers.SerializerMethodField()
    score = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            "id",
            "experiment_id",
            "candidate",
            "config",
            "config_hash",
            "is_ad_hoc",
            "status",
            "status_reason",
            "planned_count",
            "created_at",
            "started_at",
            "completed_at",
            "duration_ms",
            "score",
        ]

    def get_status_reason(self, run: Run) -> str:
        """Return why it stands still, failed or waits."""
        return self._reasons.get(run.pk, "")

    @cached_property
    def _reasons(self) -> dict[int, str]:
        """Why the runs of this page stand still or wait, read once for all."""
        shown = self.parent.instance if self.parent else [self.instance]
        return standstills_of(cast("list[Run]", shown))

    def get_score(self, run: Run) -> float | None:
        """Return the weighted score as on the board, 0 to 1; None: no weighted scorer has a value."""
        standing = getattr(run, "standing", None)
        return standing.value if standing else None


class TotalField(serializers.IntegerField):
    """A figure of what the run came to, by the field's name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """Return the figure of the run that its serializer shows."""
        del value
        return getattr(cast("RunDetailSerializer", self.parent).detail.totals, self.field_name or "")


class RunDetailSerializer(RunSerializer):
    """A run with what it came to."""

    tokens_in = TotalField()
    tokens_out = TotalField()
    p50_ms = TotalField(allow_null=True)
    p95_ms = TotalField(allow_null=True)
    first_token_p50_ms = TotalField(allow_null=True, help_text="Of streamed answers; null: none was.")
    first_token_p95_ms = TotalField(allow_null=True)
    cost_usd = serializers.SerializerMethodField()
    n = serializers.SerializerMethodField()
    results = TotalField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment] # a field, not the property
    output = serializers.SerializerMethodField()
    stage_results = serializers.SerializerMethodField()
    scores = serializers.SerializerMethodField()
    results_url = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            *RunSerializer.Meta.fields,
            "tokens_in",
            "tokens_out",
            "p50_ms",
            "p95_ms",
            "first_token_p50_ms",
            "first_token_p95_ms",
            "cost_usd",
            "n",
            "results",
            "errors",
            "output",
            "stage_results",
            "scores",
            "results_url",
        ]

    def to_representation(self, instance: Run) -> dict[str, Any]:
        """Return the run; what it came to is read once."""
        self.detail = RunDetail(instance)
        return super().to_representation(instance)

    def get_status_reason(self, run: Run) -> str:
        """Return why it stands as it stands; of a pending run also that no worker is there."""
        del run
        return self.detail.status_reason

    def get_cost_usd(self, run: Run) -> float | None:
        """Return the cost; None: the price of at least one result is unknown."""
        del run
        cost = self.detail.totals.cost_usd
        return None if cost is None else float(cost)

    def get_n(self, run: Run) -> int:
        """Return the items that the score rests on."""
        standing = getattr(run, "standing", None)
        return standing.n if standing else 0

    def get_errors(self, run: Run) -> dict[str, int]:
        """Return errored results by outcome."""
        del run
        return self.detail.totals.errors

    def get_output(self, run: Run) -> str | None:
        """Return the whole answer of a run of one result; None: it has several, or none yet."""
        del run
        return self.detail.output

    @extend_schema_field({"type": "array", "items": {"oneOf": [STAGE, STAGE_SUMMARY]}})
    def get_stage_results(self, run: Run) -> list[dict[str, Any]]:
        """Return the stages of each result; above 100 results a summary per stage."""
        del run
        return self.detail.stage_results

    @extend_schema_field({"type": "array", "items": {"oneOf": [SCORE, SCORER_SUMMARY]}})
    def get_scores(self, run: Run) -> list[dict[str, Any]]:
        """Return each score; above 100 results a summary per scorer."""
        del run
        return self.detail.scores

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_results_url(self, run: Run) -> str:
        """Return where the results are listed."""
        path = f"/api/v1/runs/{run.uid}/results/"
        return str(self.context["request"].build_absolute_uri(path))


class ResultSerializer(serializers.ModelSerializer[Result]):
    """A result as lists show it."""

    id = serializers.SerializerMethodField()
    ordinal = serializers.IntegerField()
    item_key = serializers.SerializerMethodField()
    cost_usd = serializers.FloatField(allow_null=True)
    tokens_per_s = serializers.FloatField(allow_null=True, help_text="After the first token; null: not streamed.")
    outcome = serializers.CharField()

    class Meta:
        model = Result
        fields = [
            "id",
            "ordinal",
            "item_key",
            "trial",
            "variant",
            "outcome",
            "detail",
            "preview",
            "tokens_in",
            "tokens_out",
            "cost_usd",
            "latency_ms",
            "first_token_ms",
            "tokens_per_s",
            "wait_ms",
            "attempt_count",
            "finished_at",
        ]

    def get_id(self, result: Result) -> str:
        """Return its address: the run's id and the ordinal."""
        return address_of(self.context["run"], result.ordinal)

    def get_item_key(self, result: Result) -> str:
        """Return the key of its item."""
        return str(self.context["keys"].get(result.item_id, ""))


class ResultDetailSerializer(ResultSerializer):
    """A result with its transcript."""

    transcript = serializers.SerializerMethodField()
    stage_results = serializers.SerializerMethodField()
    scores = serializers.SerializerMethodField()

    class Meta:
        model = Result
        fields = [*ResultSerializer.Meta.fields, "transcript", "stage_results", "scores"]

    @extend_schema_field({"type": "array", "items": MESSAGE})
    def get_transcript(self, result: Result) -> list[dict[str, Any]]:
        """Return the messages, oldest first, each with the call that made it."""
        del result
        return list(self.context["messages"])

    @extend_schema_field({"type": "array", "items": STAGE})
    def get_stage_results(self, result: Result) -> list[dict[str, Any]]:
        """Return the stages of its making."""
        del result
        return list(self.context["stages"])

    @extend_schema_field({"type": "array", "items": SCORE})
    def get_scores(self, result: Result) -> list[dict[str, Any]]:
        """Return what code and people said of it."""
        del result
        return list(self.context["scores"])
