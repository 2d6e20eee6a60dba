"""Candidates of an experiment that lives: one more is started alone, one less keeps its runs."""

from django.db import transaction

from experiments.actions import ActionConflict, declare_candidate, remove_candidate
from experiments.declarations import CandidateDeclaration
from experiments.models import Candidate, Experiment
from experiments.models.projects import Person
from runs.actions.starting import start_experiment
from runs.models import Run
from runs.models.runs import RUNNABLE


@transaction.atomic
def add_and_start(
    *, experiment: Experiment, declaration: CandidateDeclaration, by: Person | None
) -> tuple[Candidate, Run]:
    """Add a candidate and start its run alone; return both. Raises ActionRefused; then nothing is there."""
    candidate = declare_candidate(experiment=experiment, declaration=declaration, by=by)
    started = start_experiment(experiment=experiment, by=by, only=[candidate])
    return candidate, started.runs[0]


@transaction.atomic
def take_out(*, candidate: Candidate, by: Person | None) -> bool:
    """Take a candidate out of its experiment, its runs are kept; False when it was out.

    Raises ActionConflict while a run of it works on what no board would show.
    """
    if candidate.runs.planned().filter(status__in=RUNNABLE).exists():
        raise ActionConflict(f"A run of {candidate} goes on: pause or cancel it, then take the candidate out.")
    return remove_candidate(candidate=candidate, by=by)
