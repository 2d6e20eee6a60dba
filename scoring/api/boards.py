"""Leaderboards by API."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import OneOfField
from evalsite.api.json_bodies import parse_body
from evalsite.api.views import VisibleViewSet, answered, checked
from experiments.actions.scorers import checked_weights
from experiments.models import Experiment
from scoring.boards.board_json import board_json
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import required_of

MOST_ROWS = 100
WEIGHTS_FORM = 'Write an object like {"correct": 2}.'
AD_HOC_SHOWN = 100


class CellSerializer(serializers.Serializer[Any]):
    """What one scorer says of a run."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    none = serializers.IntegerField()


class EntrySerializer(serializers.Serializer[Any]):
    """A row of the board."""

    rank = serializers.IntegerField(allow_null=True)
    run_id = serializers.UUIDField()
    candidate = serializers.CharField()
    model = serializers.CharField()
    config = serializers.DictField()
    config_hash = serializers.CharField()
    status = serializers.CharField()
    weighted_score = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    results = serializers.IntegerField()
    errors = serializers.DictField(child=serializers.IntegerField())  # type: ignore[assignment] # a field, not the property
    complete = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    partial = serializers.DictField()  # type: ignore[assignment] # a field, not the property
    scores = serializers.DictField(child=CellSerializer())
    cost_usd = serializers.FloatField(allow_null=True)
    cost_per_1000_usd = serializers.FloatField(allow_null=True)
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    p50_ms = serializers.IntegerField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)
    first_token_p50_ms = serializers.IntegerField(allow_null=True, help_text="Of streamed answers; null: none was.")
    first_token_p95_ms = serializers.IntegerField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)


class AdHocSerializer(serializers.Serializer[Any]):
    """An ad-hoc run beside the board of an experiment with a dataset."""

    run_id = serializers.UUIDField()
    model = serializers.CharField()
    status = serializers.CharField()
    weighted_score = serializers.FloatField(allow_null=True)


class MetSerializer(serializers.Serializer[Any]):
    """One requirement of the experiment on one candidate of the board."""

    candidate = serializers.CharField()
    scorer = serializers.CharField(required=False)
    metric = serializers.CharField(required=False)
    at_least = serializers.FloatField(required=False)
    at_most = serializers.FloatField(required=False)
    on = serializers.CharField(required=False)
    value = serializers.FloatField(allow_null=True, help_text="What was found; null: nothing, and it is not met.")
    met = serializers.BooleanField()


@extend_schema_field({"$ref": "#/components/schemas/ScoringConfig"})
class ScoringConfigField(serializers.DictField):
    """Weights by scorer name, and what errors count as, as an experiment has them."""


class BoardSerializer(serializers.Serializer[Any]):
    """A leaderboard."""

    experiment_id = serializers.UUIDField()
    experiment = serializers.CharField()
    dataset_version = serializers.CharField(allow_null=True)
    scoring_config = ScoringConfigField()
    total = serializers.IntegerField(help_text="Rows before the cut.")
    entries = EntrySerializer(many=True)
    requirements = MetSerializer(many=True)
    ad_hoc = AdHocSerializer(many=True)


class BoardQuery(serializers.Serializer[Any]):
    """How the board is asked for."""

    top_n = serializers.IntegerField(min_value=1, max_value=MOST_ROWS, default=10)
    weights = serializers.CharField(required=False, help_text='To be tried, not saved: {"correct": 2, "helpful": 1}.')
    include = OneOfField(choices=["running"], required=False, help_text="Also runs that go on.")


class LeaderboardViewSet(VisibleViewSet):
    """Leaderboards."""

    queryset = Experiment.objects.select_related("project", "dataset_version__dataset").prefetch_related("scorers")
    serializer_class = BoardSerializer

    @extend_schema(parameters=[BoardQuery], responses=BoardSerializer)
    def retrieve(self, request: Request, *_: Any, **__: Any) -> Response:
        """Return the board: runs over the same items, ranked by their weighted scores."""
        experiment = self.get_object()
        query = checked(BoardQuery, request.query_params.dict())
        board = leaderboard(
            experiment,
            include_running="include" in query,
            weights=tried_weights(experiment, query.get("weights")),
        )
        required = [one.as_json() for one in required_of(board)]  # of all rows, before the cut
        beside = {"experiment_id": str(experiment.uid), "requirements": required, "ad_hoc": _ad_hoc(experiment)}
        return answered(request, {**beside, **board_json(board.cut(query["top_n"]))})


def tried_weights(experiment: Experiment, text: str | None) -> dict[str, float] | None:
    """Return the weights to be tried, scorers that are not named keeping theirs. Raises ValidationError."""
    if text is None:
        return None
    try:
        weights = parse_body(text.encode(errors="replace"))
    except ParseError as error:
        raise ValidationError({"weights": [f"{WEIGHTS_FORM} {error.detail}"]}) from error
    if not isinstance(weights, dict):
        raise ValidationError({"weights": [WEIGHTS_FORM]})
    specs = {spec.name: spec for spec in experiment.scorers.all() if spec.removed_at is None}
    return {name: spec.weight for name, spec in specs.items()} | checked_weights(specs, weights)


def _ad_hoc(experiment: Experiment) -> list[dict[str, Any]]:
    """Return the newest ad-hoc runs of an experiment with a dataset; without one they are the board."""
    if experiment.dataset_version_id is None:
        return []
    runs = experiment.runs.filter(is_ad_hoc=True).select_related("standing").order_by("-pk")[:AD_HOC_SHOWN]
    return [
        {
            "run_id": str(run.uid),
            "model": run.config["model"],
            "status": run.status,
            "weighted_score": standing.value if (standing := getattr(run, "standing", None)) else None,
        }
        for run in runs
    ]
