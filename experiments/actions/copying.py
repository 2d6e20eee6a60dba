"""The items of a version copied into a dataset as its next version, as an import writes those of a file."""

from collections.abc import Callable, Iterator

from experiments.actions.filling import Beat, Filling, fill
from experiments.actions.freezing import ROWS_AT_ONCE
from experiments.actions.importing import BEAT_EVERY_ROWS, Imported
from experiments.actions.surveying import survey
from experiments.chunks import chunks
from experiments.models import Dataset, DatasetVersion, Item, Project
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.rows.new_items import NewItem


def copy_items(
    *,
    source: DatasetVersion,
    project: Project,
    name: str,
    by: Person | None,
    note: str,
    read: Callable[[int], object] = lambda _count: None,
    beat: Beat = lambda _written, _planned: None,
) -> Imported:
    """Make the items of a version the next version of the named dataset, which is made where it is not there.

    The newest version is given back where it holds them already. `read` hears how many items are read, `beat` how
    many are written; what they raise ends the copying. Raises ActionConflict when people have edited the draft, or a
    file is being written into it; the dataset is then as it was.
    """
    require(by, project, "edit_dataset")
    newest = DatasetVersion.objects.filter(dataset__project=project, dataset__name=name).first()
    surveyed = survey(_items(source, read), str(source))
    filling = Filling(lambda: _items(source, lambda _: None), surveyed, by, note=note, beat=beat)
    version = fill(project=project, name=name, filling=filling)
    if newest is None:
        described = Dataset.objects.filter(pk=version.dataset_id, description="")
        described.update(description=source.dataset.description)
    return Imported(version, newest is None or version.pk != newest.pk, [], 0)


def _items(source: DatasetVersion, read: Callable[[int], object]) -> Iterator[NewItem]:
    for count, item in enumerate(_rows(source), start=1):
        if count % BEAT_EVERY_ROWS == 0:
            read(count)
        yield NewItem(item.key, item.input, item.expected, item.metadata, item.tag_list, item.split)


def _rows(source: DatasetVersion) -> Iterator[Item]:
    """Yield the rows of a version, some at a time: SQLite lets nobody write who reads on while others have written."""
    for pks in chunks(source.items.values_list("pk", flat=True), ROWS_AT_ONCE):
        found = Item.objects.order_by().in_bulk(pks)
        yield from (found[pk] for pk in pks)
