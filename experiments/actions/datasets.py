"""Making datasets, and the lock under which their drafts are written."""

from django.db import transaction
from django.db.models import F

from experiments.actions.refusals import ActionConflict, ActionRefused, checked_name, refused_when_taken
from experiments.models import Dataset, Project
from experiments.models.projects import Person
from experiments.permissions import require

AD_HOC_DATASET = "(ad hoc inputs)"


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
    """Return the dataset's row as it is now, locked until the transaction ends."""
    draft: Dataset = Dataset.objects.select_for_update().get(pk=dataset.pk)
    return draft


def draft_of_people(dataset: Dataset) -> Dataset:
    """Return the locked row of a dataset whose draft people write. Raises ActionConflict while a file does."""
    draft = locked(dataset)
    if draft.filling_hash:
        raise ActionConflict(
            f"A file is being written into {draft}: wait for it; if that was interrupted, run the file again."
        )
    return draft


def edited_draft(dataset: Dataset) -> Dataset:
    """Return the locked row of a dataset and count one edit of its draft. Raises ActionConflict."""
    draft = draft_of_people(dataset)
    Dataset.objects.filter(pk=draft.pk).update(draft_edit_count=F("draft_edit_count") + 1)
    return draft
