"""Bringing back what a dataset held before, and cloning datasets: at once, or by a worker where they are large."""

from django.db import transaction

from experiments.actions.copying import copy_items
from experiments.actions.datasets import dataset_name
from experiments.actions.filling import refuse_edited
from experiments.actions.freezing import checked_note
from experiments.actions.imports import wake_import
from experiments.actions.refusals import NAME_LENGTH, ActionConflict, ActionRefused
from experiments.models import DataImport, Dataset, DatasetVersion, ImportStatus
from experiments.models.projects import Person
from experiments.permissions import require, user_of

IN_REQUEST = 1000  # items that are copied before the request is answered; more are a worker's
COPIED_LENGTH = NAME_LENGTH - len(" (copy)")


def restore_version(*, version: DatasetVersion, by: Person | None) -> DatasetVersion | DataImport:
    """Make the items of an earlier version the dataset's next version; those between stay as they are.

    Returns the newest version where it holds these items already; above 1,000 items the import by which a worker
    does it. Raises ActionConflict when people have edited the draft, or a file is being written into it.
    """
    require(by, version.dataset.project, "edit_dataset")
    refuse_edited(Dataset.objects.get(pk=version.dataset_id))
    return _copied(version, version.dataset.name, f"version {version.number} again", by)


def clone_dataset(*, dataset: Dataset, by: Person | None, name: str | None = None) -> DatasetVersion | DataImport:
    """Make a dataset of another name with the items of the newest version; without a name "<its name> (copy)".

    Returns its first version; above 1,000 items the import by which a worker makes it. Raises ActionRefused for a
    name that is none or is taken, ActionConflict for a dataset without a version.
    """
    require(by, dataset.project, "edit_dataset")
    newest = dataset.versions.select_related("dataset__project").first()
    if newest is None:
        raise ActionConflict(f"{dataset} has no version yet: freeze one, then clone it.")
    wanted = dataset_name(f"{dataset.name[:COPIED_LENGTH]} (copy)" if name is None else name)
    if Dataset.objects.filter(project=dataset.project, name=wanted).exists():
        raise ActionRefused("name", f'there is a dataset "{wanted}" in {dataset.project} already')
    return _copied(newest, wanted, f"copy of {newest}", by)


def _copied(source: DatasetVersion, name: str, note: str, by: Person | None) -> DatasetVersion | DataImport:
    project, note = source.dataset.project, checked_note(note)
    if source.item_count <= IN_REQUEST:
        return copy_items(source=source, project=project, name=name, by=by, note=note).version
    with transaction.atomic():
        made: DataImport = DataImport.objects.create(
            project=project,
            dataset_name=name,
            file_name=str(source),
            file_bytes=0,
            source=source,
            note=note,
            status=ImportStatus.RUNNING,
            created_by=user_of(by),
        )
        wake_import(made.pk)
    return made
