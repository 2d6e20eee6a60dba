"""Weights that were changed: every standing of the experiment follows, a large one within the limits of a request."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet, Sum

from experiments.models import Experiment
from runs.actions.due import do_later
from runs.models import Run
from scoring.boards.leaderboard import ScorerCell, cells_of, has_no_value, tried
from scoring.boards.summing import sum_up
from scoring.models import RunStanding

RESULTS_AT_ONCE = 1000  # so many planned results are summed up by who asks for it; more of them by a job
STANDINGS_AT_ONCE = 50


def stand_anew(experiment: Experiment) -> None:
    """Bring the standings of all runs to the weights and the policy that the experiment has now.

    In a large experiment the scores and their order are right at once, from the stored covariances, with the
    intervals of weights that are tried; a job then reads the scores for the rest. Safe to call at any time.
    """
    planned = _begun(experiment).aggregate(planned=Sum("planned_count"))["planned"] or 0
    if planned <= RESULTS_AT_ONCE:
        sum_up_all(experiment)
        return
    _stand_by_covariances(experiment)
    do_later("scoring.tasks.stand_anew", experiment.pk)


def sum_up_all(experiment: Experiment) -> None:
    """Recompute the scores and the standing of every run from what is stored, each in a transaction of its own."""
    for run in _begun(experiment).select_related("experiment", "case_list"):
        sum_up(run)


def _begun(experiment: Experiment) -> QuerySet[Run]:
    begun: QuerySet[Run] = Run.objects.filter(experiment=experiment).exclude(started_at=None)
    return begun


def _stand_by_covariances(experiment: Experiment) -> None:
    scorers = experiment.present_scorers()
    weights = {spec.name: spec.weight for spec in scorers}
    runs = list(_begun(experiment).select_related("standing"))
    cells = cells_of(runs, scorers)
    standings = [(run.standing, cells.get(run.pk, {})) for run in runs if hasattr(run, "standing")]
    for start in range(0, len(standings), STANDINGS_AT_ONCE):
        with transaction.atomic():
            for standing, scores in standings[start : start + STANDINGS_AT_ONCE]:
                _restand(standing, scores, weights)


def _restand(standing: RunStanding, scores: Mapping[str, ScorerCell], weights: Mapping[str, float]) -> None:
    value, low, high = tried(standing.covariance, scores, weights)
    missing = [name for name, weight in weights.items() if weight > 0 and has_no_value(scores.get(name))]
    RunStanding.objects.filter(pk=standing.pk).update(
        value=value,
        low=low,
        high=high,
        missing=missing,
        is_tried=True,
        is_complete=not missing and (standing.is_complete or bool(standing.missing)),
    )
