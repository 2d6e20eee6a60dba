"""Runs with scores, for tests of what they come to."""

from typing import Any

from experiments.actions.case_lists import cases_of
from experiments.models import Experiment, Item, ScorerSpec
from runs.actions import start_experiment
from runs.models import Result, Run, WorkUnit
from scoring.boards.summing import sum_up
from scoring.models import RunStanding
from tests.factories import ResultFactory, ScoreFactory
from tests.runs.planned import candidate_at


def run_of(experiment: Experiment, **values: Any) -> Run:
    """Return the started run of a new candidate."""
    candidate = candidate_at(experiment, **values)
    runs = start_experiment(experiment=experiment, by=None).runs
    return next(run for run in runs if run.candidate == candidate)


def score_all(run: Run, values: dict[int, float | None], scorer: ScorerSpec | None = None, **score: Any) -> Run:
    """Give the run an answered result with a score of the first scorer at each of these ordinals."""
    spec = scorer or run.experiment.scorers.first()
    for ordinal, value in values.items():
        result = run_result(run, ordinal)
        ScoreFactory(result=result, scorer=spec, value=value, **score)
    return run


def run_result(run: Run, ordinal: int, **values: Any) -> Any:
    """Return the result of a run at an ordinal, made if it is not there."""
    found = Result.objects.filter(pk=run.pk << 32 | ordinal).first()
    place = {"item": Item(pk=_item_id(run, ordinal)), "trial": ordinal // run.case_list.case_count}
    return found or ResultFactory(run=run, ordinal=ordinal, **place, **values)


def _item_id(run: Run, ordinal: int) -> int:
    """Return the item of the case at an ordinal."""
    position = ordinal % run.case_list.case_count
    return cases_of(run.case_list, position, position + 1)[0].item_id


def summed(run: Run) -> RunStanding:
    """Return what a run comes to now."""
    return sum_up(Run.objects.get(pk=run.pk))


def ended(run: Run) -> Run:
    """Return a run, summed up and completed; a later start finds nothing to do in it."""
    summed(run)
    WorkUnit.objects.filter(run=run).update(state="done")
    run.begin()
    run.complete()
    return run
