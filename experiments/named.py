"""Experiments by the names that people type."""

from experiments.actions.refusals import ActionRefused
from experiments.models import Experiment
from experiments.templating import did_you_mean


def experiment_named(name: str, project: str | None = None) -> Experiment:
    """Return the experiment of this name, of the named project or of the only one that has it. Raises ActionRefused."""
    there = Experiment.objects.select_related("project", "dataset_version__dataset")
    rows = there.filter(project__name=project) if project is not None else there
    found = list(rows.filter(name=name).order_by("project__name"))
    if not found:
        names = rows.order_by("name").values_list("name", flat=True)
        where = f" in {project}" if project is not None else ""
        raise ActionRefused("name", f'there is no experiment "{name}"{where}{did_you_mean(name, names)}')
    if len(found) > 1:
        projects = ", ".join(experiment.project.name for experiment in found)
        raise ActionRefused("project", f'several projects have "{name}": add --project, one of {projects}')
    experiment: Experiment = found[0]
    return experiment
