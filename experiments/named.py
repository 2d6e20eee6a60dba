"""Experiments and datasets by the names that people type."""

from collections.abc import Iterable
from typing import Any

from experiments.actions.refusals import ActionRefused
from experiments.models import Dataset, Experiment
from experiments.templating import did_you_mean


def experiment_named(name: str, project: str | None = None) -> Experiment:
    """Return the experiment of this name, of the named project or of the only one that has it. Raises ActionRefused."""
    there = Experiment.objects.select_related("project", "dataset_version__dataset")
    experiment: Experiment = _only(there, "experiment", name, project)
    return experiment


def dataset_named(name: str, project: str | None = None) -> Dataset:
    """Return the dataset of this name, of the named project or of the only one that has it. Raises ActionRefused."""
    dataset: Dataset = _only(Dataset.objects.listed().select_related("project"), "dataset", name, project)
    return dataset


def _only(there: Any, what: str, name: str, project: str | None) -> Any:
    rows = there.filter(project__name=project) if project is not None else there
    found = list(rows.filter(name=name).order_by("project__name"))
    if not found:
        names: Iterable[str] = rows.order_by("name").values_list("name", flat=True)
        where = f" in {project}" if project is not None else ""
        raise ActionRefused("name", f'there is no {what} "{name}"{where}{did_you_mean(name, names)}')
    if len(found) > 1:
        projects = ", ".join(one.project.name for one in found)
        raise ActionRefused("project", f'several projects have "{name}": add --project, one of {projects}')
    return found[0]
