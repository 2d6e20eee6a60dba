"""Making experiments, and choosing what the others are compared with."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from experiments.actions.refusals import ActionRefused, checked_name, refused_when_taken
from experiments.actions.scorers import MOST_SCORERS, declare_scorer
from experiments.cleaning import named_twice
from experiments.declarations import ScorerDeclaration
from experiments.models import Candidate, DatasetVersion, Experiment, Project
from experiments.models.experiments import MAX_TRIALS
from experiments.models.projects import Person
from experiments.permissions import require, user_of


@transaction.atomic
def create_experiment(
    *,
    project: Project,
    name: str,
    by: Person | None,
    description: str = "",
    dataset_version: DatasetVersion | None = None,
    scorers: Sequence[ScorerDeclaration] = (),
    trials: int = 1,
) -> Experiment:
    """Make an experiment with its scorers. Raises ActionRefused naming the field that does not fit."""
    require(by, project, "edit_experiment")
    name = checked_name(name, "an experiment")
    trials = checked_trials(trials)
    if dataset_version is not None and dataset_version.dataset.project_id != project.pk:
        raise ActionRefused("dataset", f"{dataset_version} is no dataset of {project}")
    with refused_when_taken(f'there is an experiment "{name}" in {project} already'):
        experiment: Experiment = Experiment.objects.create(
            project=project,
            name=name,
            description=description,
            dataset_version=dataset_version,
            trials=trials,
            created_by=user_of(by),
        )
    declare_scorers(experiment=experiment, declarations=scorers, by=by)
    return experiment


def checked_trials(trials: Any) -> int:
    """Return how often each item is asked. Raises ActionRefused for what is no such number."""
    if isinstance(trials, bool) or not isinstance(trials, int) or not 1 <= trials <= MAX_TRIALS:
        raise ActionRefused("trials", f"trials are a number from 1 to {MAX_TRIALS}")
    return trials


def declare_scorers(
    *, experiment: Experiment, declarations: Sequence[ScorerDeclaration], by: Person | None
) -> list[str]:
    """Make these scorers, in this order; return the names of those whose options changed. Raises ActionRefused."""
    names = [declaration.name for declaration in declarations]
    if len(names) > MOST_SCORERS:
        raise ActionRefused("scorers", f"there are {len(names)} scorers: an experiment has at most {MOST_SCORERS}")
    twice = named_twice(names)
    if twice is not None:
        raise ActionRefused("scorers", f'there are two scorers "{twice}": names tell them apart')
    revised = []
    for position, declaration in enumerate(declarations):
        _, is_revised = declare_scorer(experiment=experiment, declaration=declaration, position=position, by=by)
        revised += [declaration.name] if is_revised else []
    return revised


@transaction.atomic
def set_baseline(*, experiment: Experiment, candidate: Candidate, by: Person | None) -> None:
    """Make a candidate the one that the others are compared with. Raises ActionRefused for one that is not listed."""
    require(by, experiment.project, "edit_experiment")
    if not experiment.candidates.listed().filter(pk=candidate.pk).exists():
        raise ActionRefused("baseline", f"{candidate} is no candidate of {experiment}")
    Experiment.objects.filter(pk=experiment.pk).update(baseline=candidate)
    experiment.baseline = candidate
