"""Catching up: what was answered before a scorer was changed is judged as the experiment says now."""

from django.db import transaction
from django.dispatch import receiver

from experiments.conditions import Condition
from experiments.models import Experiment
from runs.actions.due import do_later
from runs.models import Result, Run
from runs.outcomes import ANSWERED
from runs.signals import run_ended
from scoring.changing.rescoring import bring_up_to_date, lacks_verdicts
from scoring.judging.judges import ALL
from scoring.models import RunStanding

CATCH_UP = "scoring.tasks.catch_up"
RESULTS_AT_ONCE = 1000  # so many are judged by who asks for it; more of them by a job


def catch_up(experiment: Experiment) -> None:
    """Have what lacks a verdict judged and every run summed up: now for a small experiment, else by a job."""
    transaction.on_commit(lambda: _catch_up(experiment), robust=True)


def answered_count(experiment: Experiment, condition: Condition = ALL) -> int:
    """Return how many stored answers an experiment has, of the items that a condition leaves."""
    runs, asked = Run.objects.filter(experiment=experiment), condition.query("item__")
    return sum(Result.objects.of_run(run).filter(asked, outcome__in=ANSWERED).count() for run in runs)


@receiver(run_ended)
def catch_up_ended(run: Run, **_: object) -> None:
    """Judge what lanes stored by the scorers they knew, where those were changed while the run went on."""
    if RunStanding.objects.filter(run=run, is_complete=False).exists() and lacks_verdicts(run):
        do_later(CATCH_UP, run.experiment_id)


def _catch_up(experiment: Experiment) -> None:
    if answered_count(experiment) <= RESULTS_AT_ONCE:
        bring_up_to_date(experiment)
    else:
        do_later(CATCH_UP, experiment.pk)
