"""Bringing back what a dataset held before."""

from collections.abc import Iterator

from experiments.actions.filling import Filling, fill
from experiments.actions.freezing import ROWS_AT_ONCE
from experiments.actions.surveying import survey
from experiments.models import DatasetVersion
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.rows.new_items import NewItem


def restore_version(*, version: DatasetVersion, by: Person | None) -> DatasetVersion:
    """Make the items of an earlier version the dataset's next version; those between stay as they are.

    Returns the newest version where it holds these items already. Raises ActionConflict when people have edited the
    draft, or a file is being written into it.
    """
    dataset = version.dataset
    require(by, dataset.project, "edit_dataset")

    def rows() -> Iterator[NewItem]:
        for item in version.items.iterator(ROWS_AT_ONCE):
            yield NewItem(item.key, item.input, item.expected, item.metadata, item.tag_list, item.split)

    filling = Filling(rows, survey(rows(), str(version)), by, note=f"version {version.number} again")
    return fill(project=dataset.project, name=dataset.name, filling=filling)
