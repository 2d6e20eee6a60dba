"""Two runs compared, by API: of one experiment or of two."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.views import VisibleViewSet, checked
from experiments.identifiers import uid_from
from experiments.models import Experiment
from runs.models import Run
from runs.models.runs import RunQuerySet
from scoring.api.boards import tried_weights
from scoring.boards.comparing import NotComparable, Pairing, Samples, compare


class PairingSerializer(serializers.Serializer[Any]):
    """How far the first is ahead; scores 0 to 1. Unpaired there are no items in common to count wins and losses on."""

    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Items that both have a value for; 0 unpaired.")
    n_a = serializers.IntegerField(help_text="Items that a has a value for.")
    n_b = serializers.IntegerField(help_text="Items that b has a value for.")
    unmatched = serializers.IntegerField(help_text="Items that only one of them has a value for.")
    wins = serializers.IntegerField(allow_null=True)
    losses = serializers.IntegerField(allow_null=True)
    ties = serializers.IntegerField(allow_null=True)
    p_value = serializers.FloatField(
        allow_null=True, help_text="McNemar's, exact; null where values are graded, and unpaired."
    )


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two runs compared; `score` is of the weighted score, as the experiment of `a` weighs the scorers of both."""

    a = serializers.UUIDField()
    b = serializers.UUIDField()
    paired = serializers.BooleanField(help_text="Over the items in common; false: they have none, each over its own.")
    scorers_left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Not in both experiments with the same name, kind and range."
    )
    scorers_changed = serializers.ListField(
        child=serializers.CharField(), help_text="In both, with other options or another condition."
    )
    score = PairingSerializer()
    scorers = serializers.DictField(child=PairingSerializer())


class ComparisonQuery(serializers.Serializer[Any]):
    """Which two runs."""

    a = serializers.CharField(help_text="The id of the first run.")
    b = serializers.CharField(help_text="The id of the run that it is compared with, of any experiment that you see.")
    weights = serializers.CharField(required=False, help_text='To be tried, not saved: {"correct": 2, "helpful": 1}.')


class ComparisonViewSet(VisibleViewSet):
    """Comparisons of a run of an experiment with another, of the same experiment or not."""

    queryset = Experiment.objects.prefetch_related("scorers")
    serializer_class = ComparisonSerializer

    @extend_schema(parameters=[ComparisonQuery], responses=ComparisonSerializer)
    def retrieve(self, request: Request, *_: Any, **__: Any) -> Response:
        """Return how two runs compare on the items that both have a score for, unpaired where they share none."""
        experiment = self.get_object()
        query = checked(ComparisonQuery, request.query_params.dict())
        visible = Run.objects.visible_to(request.user).select_related("experiment")
        first = _run(visible.filter(experiment=experiment), "a", query["a"], "The experiment has no run")
        second = _run(visible, "b", query["b"], "There is no run")
        try:
            found = compare(first, second, tried_weights(experiment, query.get("weights")))
        except NotComparable as reason:
            raise ValidationError({"b": [str(reason)]}) from None
        by_scorer = {name: pairing_json(pairing) for name, pairing in found.by_scorer.items()}
        answer = {
            "a": str(first.uid),
            "b": str(second.uid),
            "paired": found.is_paired,
            "scorers_left_out": found.scorers.left_out,
            "scorers_changed": found.scorers.changed,
            "score": pairing_json(found.overall),
            "scorers": by_scorer,
        }
        return Response(answer)


def pairing_json(pairing: Pairing | Samples) -> dict[str, Any]:
    """Return a pairing, or two samples without items in common, as plain JSON values."""
    difference = pairing.difference()
    interval = difference.interval
    shown = {
        "difference": difference.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
    }
    return shown | (_pairs(pairing) if isinstance(pairing, Pairing) else _samples(pairing))


def _pairs(pairing: Pairing) -> dict[str, Any]:
    return {
        "n": pairing.n,
        "n_a": pairing.n_first,
        "n_b": pairing.n_second,
        "unmatched": pairing.missing,
        "wins": pairing.wins,
        "losses": pairing.losses,
        "ties": pairing.ties,
        "p_value": pairing.p_value,
    }


def _samples(samples: Samples) -> dict[str, Any]:
    counts = {"n": 0, "n_a": samples.n_first, "n_b": samples.n_second, "unmatched": samples.n_first + samples.n_second}
    return {**counts, "wins": None, "losses": None, "ties": None, "p_value": None}


def _run(runs: RunQuerySet, name: str, text: str, missing: str) -> Run:
    uid = uid_from(text)
    run = runs.filter(uid=uid).first() if uid else None
    if run is None:
        raise ValidationError({name: [f"{missing} {text[:64]}."]})
    found: Run = run
    return found
