"""Two candidates on the same items, by API."""

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
from scoring.api.boards import tried_weights
from scoring.boards.comparing import NotComparable, Pairing, compare


class PairingSerializer(serializers.Serializer[Any]):
    """How far the first is ahead on the items that both have a value for; scores 0 to 1."""

    difference = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Items that both have a value for.")
    unmatched = serializers.IntegerField(help_text="Items that only one of them has a value for.")
    wins = serializers.IntegerField()
    losses = serializers.IntegerField()
    ties = serializers.IntegerField()
    p_value = serializers.FloatField(allow_null=True, help_text="McNemar's, exact; null where values are graded.")


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two runs compared; `score` is of the weighted score."""

    a = serializers.UUIDField()
    b = serializers.UUIDField()
    score = PairingSerializer()
    scorers = serializers.DictField(child=PairingSerializer())


class ComparisonQuery(serializers.Serializer[Any]):
    """Which two runs."""

    a = serializers.CharField(help_text="The id of the first run.")
    b = serializers.CharField(help_text="The id of the run that it is compared with.")
    weights = serializers.CharField(required=False, help_text='To be tried, not saved: {"correct": 2, "helpful": 1}.')


class ComparisonViewSet(VisibleViewSet):
    """Comparisons of two runs of an experiment."""

    queryset = Experiment.objects.prefetch_related("scorers")
    serializer_class = ComparisonSerializer

    @extend_schema(parameters=[ComparisonQuery], responses=ComparisonSerializer)
    def retrieve(self, request: Request, *_: Any, **__: Any) -> Response:
        """Return how two runs compare on the items that both have a score for."""
        experiment = self.get_object()
        query = checked(ComparisonQuery, request.query_params.dict())
        first, second = (_run(experiment, name, query[name]) for name in ("a", "b"))
        try:
            found = compare(first, second, tried_weights(experiment, query.get("weights")))
        except NotComparable as reason:
            raise ValidationError({"b": [str(reason)]}) from None
        by_scorer = {name: pairing_json(pairing) for name, pairing in found.by_scorer.items()}
        ids = {"a": str(first.uid), "b": str(second.uid)}
        return Response({**ids, "score": pairing_json(found.overall), "scorers": by_scorer})


def pairing_json(pairing: Pairing) -> dict[str, Any]:
    """Return a pairing as plain JSON values."""
    difference = pairing.difference()
    interval = difference.interval
    return {
        "difference": difference.value,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "n": pairing.n,
        "unmatched": pairing.missing,
        "wins": pairing.wins,
        "losses": pairing.losses,
        "ties": pairing.ties,
        "p_value": pairing.p_value,
    }


def _run(experiment: Experiment, name: str, text: str) -> Run:
    uid = uid_from(text)
    run = experiment.runs.select_related("experiment").filter(uid=uid).first() if uid else None
    if run is None:
        raise ValidationError({name: [f"The experiment has no run {text[:64]}."]})
    found: Run = run
    return found
