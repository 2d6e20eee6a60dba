"""The history of one item: what people did to it, and what imports made of it, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from experiments.item_keys import names_of
from experiments.models import Dataset, DatasetVersion, Item, ItemEdit
from experiments.version_diffs import Change, Difference

EDITS_READ = 200
NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class ItemEvent:
    """One thing that happened to an item."""

    kind: str
    """added, changed or removed."""
    number: int
    """The version that it went into, or the draft's."""
    changed_at: datetime
    changed_by: Any
    """The account; None: the command line, or an account that is gone."""
    differences: list[Difference]
    edit: ItemEdit | None = None
    """The edit that it was; None: a file was imported, or it is older than edits are noted."""
    row: Item | None = None
    """The item as a version holds it after this; None: only the draft held it so, or it was removed."""


def history_of(dataset: Dataset, key: str) -> list[ItemEvent]:
    """Return what happened to the item with this key, also under former ones, newest first; its newest 200 edits."""
    names = names_of(dataset, key)
    noted = ItemEdit.objects.filter(reduce(or_, (name.edits for name in names)), dataset=dataset)
    edits = list(noted.select_related("changed_by", "bulk__undoes")[:EDITS_READ])
    held = Item.objects.filter(reduce(or_, (name.rows for name in names)), dataset=dataset)
    rows = list(held.select_related("changed_by").order_by("since"))
    by_person = {edit.draft_number for edit in edits}
    made = [*_imported(rows, by_person), *_left_out(dataset, rows, by_person)]
    kept = {row.since: row for row in rows if row.since < dataset.draft_number}
    newest = {edit.draft_number: edit.pk for edit in reversed(edits)}
    events = [
        _edited(edit, kept.get(edit.draft_number) if newest[edit.draft_number] == edit.pk else None) for edit in edits
    ]
    return sorted([*events, *made], key=lambda event: (event.number, event.changed_at), reverse=True)


def differences_of(edit: ItemEdit) -> list[Difference]:
    """Return the parts that an edit changed, as texts; of an added or removed item those that hold something."""
    return [
        Difference.between(part, was, now) for part, was, now in edit.parts if was not in NOTHING or now not in NOTHING
    ]


def _edited(edit: ItemEdit, row: Item | None) -> ItemEvent:
    differences = differences_of(edit)
    return ItemEvent(edit.kind, edit.draft_number, edit.changed_at, edit.changed_by, differences, edit, row)


def _imported(rows: list[Item], by_person: set[int]) -> Iterator[ItemEvent]:
    """Yield what began a row where no person did."""
    for before, row in zip([None, *rows], rows, strict=False):
        if row.since not in by_person:
            was = before if before is not None and before.until == row.since else None
            change = Change("changed" if was else "added", was, row)
            yield ItemEvent(change.kind, row.since, row.changed_at, row.changed_by, change.differences, row=row)


def _left_out(dataset: Dataset, rows: list[Item], by_person: set[int]) -> Iterator[ItemEvent]:
    """Yield the versions that a file left the item out of."""
    began = {row.since for row in rows}
    ends = {row.until: row for row in rows if row.until and row.until not in began | by_person}
    for version in DatasetVersion.objects.filter(dataset=dataset, number__in=ends).select_related("frozen_by"):
        differences = Change("removed", ends[version.number], None).differences
        yield ItemEvent("removed", version.number, version.frozen_at, version.frozen_by, differences)
