"""Making datasets, and the lock under which their drafts are written."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from experiments.actions.locking import GoneMeanwhile, locked_row
from experiments.actions.refusals import (
    ActionConflict,
    ActionRefused,
    checked_name,
    refuse_while_used,
    refused_when_taken,
)
from experiments.chunks import Pace
from experiments.cleaning import clean_text
from experiments.models import Dataset, Experiment, Item, ItemEdit, Project
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from experiments.permissions import require

AD_HOC_DATASET = "(ad hoc inputs)"
DELETING = "deleting"


@transaction.atomic
def create_dataset(*, project: Project, name: str, by: Person | None, description: str = "") -> Dataset:
    """Make a dataset without items. Raises ActionRefused when its name is taken or no name."""
    require(by, project, "edit_dataset")
    name = dataset_name(name)
    with refused_when_taken(f'there is a dataset "{name}" in {project} already'):
        return Dataset.objects.create(project=project, name=name, description=description)


def dataset_name(name: str) -> str:
    """Return the name as it is stored. Raises ActionRefused for what is no name of a dataset of people."""
    checked = checked_name(name, "a dataset")
    if checked == AD_HOC_DATASET:
        raise ActionRefused("name", f'"{checked}" is the name of a dataset of the site: choose another')
    return checked


def locked(dataset: Dataset) -> Dataset:
    """Return the dataset's row as it is now, locked until the transaction ends. Raises GoneMeanwhile."""
    return locked_row(dataset)


def draft_of_people(dataset: Dataset) -> Dataset:
    """Return the locked row of a dataset whose draft people write. Raises ActionConflict while a file does."""
    draft = locked(dataset)
    refuse_while_filled(draft)
    return draft


def refuse_while_filled(draft: Dataset) -> None:
    """Let pass a draft that people write. Raises ActionConflict while a file is being written into it."""
    if draft.filling_hash:
        raise ActionConflict(
            f"A file is being written into {draft}: wait for it; if that was interrupted, run the file again."
        )


@transaction.atomic
def edit_dataset(*, dataset: Dataset, by: Person | None, changes: Mapping[str, Any]) -> Dataset:
    """Change name or description, or archive it (`is_archived`). Raises ActionRefused for what does not fit."""
    require(by, dataset.project, "edit_dataset")
    edited = locked(dataset)
    if edited.filling_hash == DELETING:
        raise GoneMeanwhile(f"{edited} is being deleted: nothing was changed.")
    values = dict(changes)
    if "name" in values:
        values["name"] = dataset_name(clean_text(values["name"]))
    if "description" in values:
        values["description"] = clean_text(values["description"])
    if "is_archived" in values:
        values["archived_at"] = (edited.archived_at or timezone.now()) if values.pop("is_archived") else None
    for field, value in values.items():
        setattr(edited, field, value)
    with refused_when_taken(f'there is a dataset "{edited.name}" in {edited.project} already'):
        edited.save(update_fields=list(values))
    return edited


def experiments_using(dataset: Dataset) -> list[Experiment]:
    """Return the experiments that measure or measured on a version of the dataset, by name."""
    return list(using_dataset(dataset).select_related("dataset_version__dataset"))


def using_dataset(dataset: Dataset) -> ExperimentQuerySet:
    """Return the experiments that measure or measured on a version of the dataset, by name."""
    used = Q(dataset_version__dataset=dataset) | Q(case_lists__dataset_version__dataset=dataset)
    found: ExperimentQuerySet = Experiment.objects.filter(used).order_by("name").distinct()
    return found


def delete_dataset(
    *, dataset: Dataset, typed_name: str, by: Person | None, check: Callable[[Dataset], None] = lambda _: None
) -> None:
    """Delete a dataset whose name was typed with its versions and items, in short steps.

    `check` looks at it before, while nobody else changes it; what it raises ends the deletion.
    Raises ActionRefused for another name, ActionConflict naming the experiments that use it, and while a file is being
    written into it.
    """
    require(by, dataset.project, "delete")
    with transaction.atomic():
        draft = locked(dataset)
        check(draft)
        if typed_name.strip() != draft.name:
            raise ActionRefused("name", f'type the name of the dataset, "{draft.name}", to delete it')
        refuse_while_used(draft, experiments_using(draft))
        if draft.filling_hash not in ("", DELETING):
            raise ActionConflict(f"A file is being written into {draft}: wait for it, then delete.")
        draft.versions.all().delete()
        Dataset.objects.filter(pk=draft.pk).update(filling_hash=DELETING)
    empty_dataset(draft)
    draft.delete()


def empty_dataset(dataset: Dataset) -> None:
    """Delete the items of every version with their history, in short transactions; nothing may measure on them."""
    pace = Pace()
    for model in (ItemEdit, Item):
        rows = model.objects.filter(dataset=dataset).order_by()
        while pks := list(rows.values_list("pk", flat=True)[: pace.size]):
            with pace.transaction(len(pks), lambda: None):
                model.objects.filter(pk__in=pks).delete()
