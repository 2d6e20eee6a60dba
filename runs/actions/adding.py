"""Adding a candidate to an experiment that lives: its run is started, the others are left as they are."""

from django.db import transaction

from experiments.actions import declare_candidate
from experiments.declarations import CandidateDeclaration
from experiments.models import Candidate, Experiment
from experiments.models.projects import Person
from runs.actions.starting import start_experiment
from runs.models import Run


@transaction.atomic
def add_and_start(
    *, experiment: Experiment, declaration: CandidateDeclaration, by: Person | None
) -> tuple[Candidate, Run]:
    """Add a candidate and start its run alone; return both. Raises ActionRefused; then nothing is there."""
    candidate = declare_candidate(experiment=experiment, declaration=declaration, by=by)
    started = start_experiment(experiment=experiment, by=by, only=[candidate])
    return candidate, started.runs[0]
