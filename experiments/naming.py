"""Finding what a command names."""

from experiments.actions import ActionRefused
from experiments.file_fields import suggestion
from experiments.models import Experiment, Project


def experiment_named(name: str, *, project: str) -> Experiment:
    """Return the experiment of this name in the named project. Raises ActionRefused with what there is instead."""
    found = Project.objects.filter(name=project).first()
    if found is None:
        projects = list(Project.objects.values_list("name", flat=True))
        raise ActionRefused("project", f'there is no project "{project}"{suggestion(project, projects)}')
    experiment: Experiment | None = Experiment.objects.filter(project=found, name=name).first()
    if experiment is None:
        names = list(Experiment.objects.filter(project=found).values_list("name", flat=True))
        raise ActionRefused("name", f'there is no experiment "{name}" in {found}{suggestion(name, names)}')
    return experiment
