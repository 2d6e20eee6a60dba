"""Putting things away and taking them out again: archived ones are left out of lists and choices, and kept."""

from django.utils import timezone

from experiments.models import Dataset, Experiment, Prompt, Provider
from experiments.models.projects import Person
from experiments.permissions import require

Archivable = Experiment | Dataset | Prompt | Provider
EDITING: dict[type[Archivable], str] = {
    Experiment: "edit_experiment",
    Dataset: "edit_dataset",
    Prompt: "edit_prompt",
    Provider: "edit_provider",
}


def archive(*, thing: Archivable, by: Person | None) -> None:
    """Leave a thing out of lists and choices; its address and what uses it go on working."""
    require(by, thing.project, EDITING[type(thing)])
    type(thing).objects.filter(pk=thing.pk).offered().update(archived_at=timezone.now())


def unarchive(*, thing: Archivable, by: Person | None) -> None:
    """Show a thing in lists and choices again."""
    require(by, thing.project, EDITING[type(thing)])
    type(thing).objects.filter(pk=thing.pk).update(archived_at=None)
