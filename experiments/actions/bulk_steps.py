"""What a bulk edit makes of each of its items, as the draft is when their chunk's turn comes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from experiments.actions.item_content import CONTENT
from experiments.actions.item_steps import STALE, Step
from experiments.item_keys import present_keys
from experiments.models import BulkEdit, BulkKind, Dataset, Item, ItemEdit
from experiments.models.datasets import ItemQuerySet, join_tags

Rows = Sequence[Sequence[int]]
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Chosen:
    """The steps that a chunk comes to."""

    steps: list[Step] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Why an item stays as it is, a sentence each."""


class Left(Exception):
    """An item stays as it is; the text is a sentence for people."""


def stamp_of(moment: datetime) -> int:
    """Return a time in microseconds: equal times only are told from each other, never compared."""
    return (moment - BEGINNING) // timedelta(microseconds=1)


def chosen_steps(draft: Dataset, bulk: BulkEdit, rows: Rows) -> Chosen:
    """Return what the bulk edit makes of these rows of its chunk; the draft is locked."""
    if bulk.kind == BulkKind.UNDO:
        return _undone(draft, rows)
    if bulk.kind == BulkKind.RESTORE:
        return _restored(draft, rows)
    return _edited(bulk, rows)


def _edited(bulk: BulkEdit, rows: Rows) -> Chosen:
    chosen = Chosen()
    found = Item.objects.order_by().in_bulk([pk for pk, _ in rows])
    for pk, seen in rows:
        item = found.get(pk)
        if item is None or item.until is not None or stamp_of(item.changed_at) != seen:
            chosen.left.append(f"{item.key if item else 'An item'}: {STALE}")
            continue
        content = None if bulk.kind == BulkKind.REMOVE else _changed(item, bulk)
        if content is None or content != _content_of(item):
            chosen.steps.append(Step(item, content, item.position))
    return chosen


def _changed(item: Item, bulk: BulkEdit) -> dict[str, Any]:
    content = _content_of(item)
    tags: Mapping[str, Callable[[], list[str]]] = {
        BulkKind.TAG: lambda: [*item.tag_list, bulk.value],
        BulkKind.UNTAG: lambda: [tag for tag in item.tag_list if tag != bulk.value],
    }
    if bulk.kind in tags:
        return {**content, "tags": join_tags(tags[bulk.kind]())}
    return {**content, "split": bulk.value}


def _restored(draft: Dataset, rows: Rows) -> Chosen:
    chosen = Chosen()
    found = Item.objects.order_by().in_bulk([pk for pk, _ in rows])
    there = _rows(draft).in_draft().filter(key__in=[row.key for row in found.values()])
    taken = set(there.order_by().values_list("key", flat=True))
    for row in found.values():
        if row.key in taken:
            chosen.left.append(f"{row.key}: its key is in use.")
            continue
        taken.add(row.key)
        chosen.steps.append(Step(None, _content_of(row), row.position))
    return chosen


def _undone(draft: Dataset, rows: Rows) -> Chosen:
    """Return the steps back, and note the edits that they undo as undone."""
    chosen, undone = Chosen(), []
    edits = ItemEdit.objects.filter(dataset=draft, pk__in=[pk for pk, _ in rows], is_undone=False).order_by("-pk")
    for edit, now, taken in with_rows(draft, list(edits)):
        try:
            chosen.steps.append(undoing_step(edit, now, taken))
            undone.append(edit.pk)
        except Left as reason:
            chosen.left.append(f"{edit.key}: {reason}")
    ItemEdit.objects.filter(pk__in=undone).update(is_undone=True)
    return chosen


def with_rows(draft: Dataset, edits: list[ItemEdit]) -> Iterator[tuple[ItemEdit, Item | None, bool]]:
    """Yield each edit with the row that its item has now, and whether its earlier key is another item's."""
    keys = present_keys(draft, edits)
    asked = {*keys.values(), *(edit.former_key for edit in edits)}
    held = {item.key: item for item in _rows(draft).in_draft().filter(key__in=asked).order_by()}
    for edit in edits:
        yield edit, held.get(keys[edit.pk]), edit.former_key in held


def undoing_step(edit: ItemEdit, now: Item | None, is_taken: bool) -> Step:  # noqa: FBT001 - the third of a row
    """Return the step that takes an edit back. Raises Left when the item has changed since in the same parts."""
    if edit.after is None:
        if now is not None:
            raise Left("its key is in use: rename that item first.")
        return Step(None, _stored(edit.before or {}), edit.position)
    if now is None:
        raise Left("the item is not in the draft any more.")
    if is_taken:
        raise Left(f'its former key "{edit.former_key}" is in use.')
    if edit.before is None:
        _check_same(edit, now)
        return Step(now, None, now.position)
    _check_same(edit, now)
    return Step(now, _stored({**now.content, **edit.before, **_tags_before(edit, now)}), now.position)


def _check_same(edit: ItemEdit, now: Item) -> None:
    """Let pass an item whose parts are as the edit left them; tags may have been added. Raises Left."""
    parts = {name for name in edit.after or {} if name != "tags" or edit.before is None}
    other = sorted(name for name in parts if now.content[name] != (edit.after or {})[name])
    if other:
        raise Left(f"somebody changed {', '.join(other)} since: change it by hand.")


def _tags_before(edit: ItemEdit, now: Item) -> dict[str, Any]:
    """Return the item's tags without those that the edit gave and with those that it took; {}: it left them alone."""
    if edit.before is None or edit.after is None or "tags" not in edit.before:
        return {}
    was, became = edit.before["tags"], edit.after["tags"]
    if now.content["tags"] == became:
        return {"tags": was}
    kept = [tag for tag in now.tag_list if tag in was or tag not in became]
    return {"tags": [*kept, *(tag for tag in was if tag not in became)]}


def _content_of(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in CONTENT}


def _stored(content: Mapping[str, Any]) -> dict[str, Any]:
    return {**content, "tags": join_tags(content["tags"])}


def _rows(draft: Dataset) -> ItemQuerySet:
    """Return the rows of a dataset; those known by their ids are asked for by these alone, or SQLite walks them all."""
    rows: ItemQuerySet = Item.objects.filter(dataset=draft)
    return rows
