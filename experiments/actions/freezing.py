"""Freezing datasets: a version is what the draft holds, or exactly the rows of a file."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.items import locked
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.canonical import content_hash
from experiments.models import Dataset, DatasetVersion, Item, Project
from experiments.models.datasets import POSITION_GAP, join_tags
from experiments.models.projects import Person
from experiments.new_items import NewItem
from experiments.permissions import require

ROWS_AT_ONCE = 1000


@transaction.atomic
def freeze_dataset(*, dataset: Dataset, by: Person | None, note: str = "") -> DatasetVersion:
    """Freeze the draft as the next version; a draft without changes gives the newest version back."""
    require(by, dataset.project, "edit_dataset")
    draft = locked(dataset)
    newest = draft.versions.first()
    if newest is not None and not _is_changed(draft):
        return newest
    rows = Item.objects.filter(dataset=draft).in_draft().order_by("position", "id")
    if not rows.exists():
        raise ActionRefused("items", f"{draft} has no items: add some, then freeze.")
    digest = content_hash(item.content for item in rows.iterator(ROWS_AT_ONCE))
    return _number(draft, digest, by, note)


def freeze_rows(
    *, project: Project, name: str, rows: Iterable[NewItem], by: Person | None, note: str = ""
) -> DatasetVersion:
    """Freeze exactly these rows, in this order, as a version of the named dataset; the same rows: the same version.

    Written in short transactions of at most 1,000 rows into the draft; a crash half-way leaves the frozen versions
    as they were, and the same call again completes it. Raises ActionConflict when people have edited the draft.
    """
    require(by, project, "edit_dataset")
    dataset, _ = Dataset.objects.get_or_create(project=project, name=name)
    kept = list(rows)
    if not kept:
        raise ActionRefused("dataset", f"{name} has no items.")
    digest = content_hash(row.content for row in kept)
    newest = dataset.versions.first()
    if newest is not None and newest.content_hash == digest and not _is_changed(dataset):
        return newest
    _refuse_edited(dataset)
    present = {item.key: item for item in Item.objects.filter(dataset=dataset).in_draft()}
    wanted = {row.key for row in kept}
    for keys in _chunks(key for key in present if key not in wanted):
        _drop(dataset, [present[key] for key in keys])
    for numbered in _chunks(enumerate(kept, start=1)):
        _put(dataset, numbered, present, by)
    with transaction.atomic():
        return _number(locked(dataset), digest, by, note)


def _is_changed(dataset: Dataset) -> bool:
    """Whether the draft differs from the newest version."""
    number = dataset.draft_number
    rows = Item.objects.filter(dataset=dataset)
    return rows.filter(since=number).exists() or rows.filter(until=number).exists()


def _refuse_edited(dataset: Dataset) -> None:
    """Refuse a draft that people have edited; what a broken-off file left (by nobody) is taken up again."""
    edited = Item.objects.filter(dataset=dataset, since=dataset.draft_number).exclude(changed_by=None)
    if edited.exists():
        raise ActionConflict(
            f"{dataset} has a draft with edits of people: freeze it or remove them first, or name another dataset."
        )


@transaction.atomic
def _drop(dataset: Dataset, items: Sequence[Item]) -> None:
    """Take items out of the draft."""
    draft = locked(dataset)
    ids = [item.pk for item in items]
    Item.objects.filter(pk__in=ids, since=draft.draft_number).delete()
    Item.objects.filter(pk__in=ids, until=None).update(until=draft.draft_number)


@transaction.atomic
def _put(
    dataset: Dataset, numbered: Sequence[tuple[int, NewItem]], present: dict[str, Item], by: Person | None
) -> None:
    """Write rows into the draft: unchanged ones stay, changed ones are closed and inserted."""
    draft = locked(dataset)
    changed = [(number, row) for number, row in numbered if not _is_same(number, row, present.get(row.key))]
    _drop(dataset, [present[row.key] for _, row in changed if row.key in present])
    now = timezone.now()
    user = by if by is not None and by.is_authenticated else None
    Item.objects.bulk_create(
        Item(
            dataset=draft,
            since=draft.draft_number,
            position=number * POSITION_GAP,
            changed_by=user,
            changed_at=now,
            **{**row.content, "tags": join_tags(row.tags)},
        )
        for number, row in changed
    )


def _is_same(number: int, row: NewItem, item: Item | None) -> bool:
    return item is not None and item.position == number * POSITION_GAP and item.content == row.content


def _number(draft: Dataset, digest: str, by: Person | None, note: str) -> DatasetVersion:
    """Number the locked draft as a version, with its counts, and open the next draft."""
    number = draft.draft_number
    rows = Item.objects.filter(dataset=draft)
    begun = set(rows.filter(since=number).values_list("key", flat=True))
    ended = set(rows.filter(until=number).values_list("key", flat=True))
    version = DatasetVersion.objects.create(
        dataset=draft,
        number=number,
        content_hash=digest,
        item_count=rows.in_draft().count(),
        added_count=len(begun - ended),
        changed_count=len(begun & ended),
        removed_count=len(ended - begun),
        note=note,
        frozen_by=by if by is not None and by.is_authenticated else None,
    )
    Dataset.objects.filter(pk=draft.pk).update(draft_number=number + 1)
    return version


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        yield chunk
