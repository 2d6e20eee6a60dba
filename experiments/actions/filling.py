"""Freezing the rows of a file as a version: written into the draft in short transactions, taken up after a crash."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.datasets import dataset_name, locked
from experiments.actions.freezing import ROWS_AT_ONCE, Contents, number_draft
from experiments.actions.item_content import stored_content
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.canonical import content_hash
from experiments.models import Dataset, DatasetVersion, Item, Project
from experiments.models.datasets import ItemQuerySet, split_tags
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.positions import positions_for
from experiments.rows.new_items import BadRow, NewItem

Row = dict[str, Any]
DIGEST_PART = 48


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes the newest version into the wanted one; the same for every try, since both never change."""

    closed: Sequence[int]
    """Ids of rows of the newest version that end."""
    written: Mapping[str, tuple[Row, int]]
    """Contents that begin, with their positions, by key."""
    contents: Contents

    def holds(self, item: Item) -> bool:
        """Return whether this row of the draft is one that the plan writes."""
        row, position = self.written.get(item.key, (None, None))
        return row is not None and item.position == position and _is_same(item, row)


class _Overtaken(Exception):
    """Another file is being written into the draft."""


def freeze_rows(
    *,
    project: Project,
    name: str,
    rows: Iterable[NewItem],
    by: Person | None,
    note: str = "",
    bad_rows: Sequence[BadRow] = (),
) -> DatasetVersion:
    """Return the version of the named dataset that holds exactly these rows in this order; the newest, or a new one.

    A new one also says which rows of the file were left out.

    A crash half-way leaves the frozen versions as they were, and the next file goes on with the draft. Raises
    ActionRefused for rows that do not fit, ActionConflict when people have edited the draft.
    """
    require(by, project, "edit_dataset")
    wanted = _checked(rows, name)
    digest = content_hash({**row, "tags": list(split_tags(row["tags"]))} for row in wanted)
    dataset, _ = Dataset.objects.get_or_create(project=project, name=dataset_name(name))
    newest = dataset.versions.first()
    if newest is not None and newest.content_hash == digest:
        return newest
    try:
        draft = _begin(dataset, digest)
        plan = _plan(draft, wanted, digest)
        _clear(draft, plan)
        _write(draft, plan, by)
        with _held(draft) as filled:
            return number_draft(filled, replace(plan.contents, bad_rows=bad_rows), by, note)
    except _Overtaken:
        return _version_of(dataset, digest)


def _checked(rows: Iterable[NewItem], name: str) -> list[Row]:
    """Return the rows as they are stored. Raises ActionRefused for none, a key twice, or a row that does not fit."""
    wanted = [stored_content(row.content) for row in rows]
    if not wanted:
        raise ActionRefused("dataset", f"{name} has no items")
    keys = set()
    for row in wanted:
        if row["key"] in keys:
            raise ActionRefused("dataset", f'the key "{row["key"]}" is there twice in {name}')
        keys.add(row["key"])
    return wanted


@transaction.atomic
def _begin(dataset: Dataset, digest: str) -> Dataset:
    """Take the draft over for this file: from nobody, from an interrupted file, or beside the same file.

    Raises ActionConflict when people have edited the draft.
    """
    draft = locked(dataset)
    if not draft.filling_hash and (draft.draft_edit_count or _rows(draft).filter(since=draft.draft_number).exists()):
        raise ActionConflict(
            f"{draft} has a draft with edits that no version holds: freeze it first, or choose another dataset name."
        )
    if not draft.filling_hash.startswith(digest[:DIGEST_PART]):
        # The random part tells this try from an earlier one with the same rows that was overtaken in between.
        draft.filling_hash = digest[:DIGEST_PART] + secrets.token_hex(8)
        Dataset.objects.filter(pk=draft.pk).update(filling_hash=draft.filling_hash)
    return draft


@contextmanager
def _held(draft: Dataset) -> Iterator[Dataset]:
    """Lock the draft for one short transaction. Raises _Overtaken when it is no longer this file's to write."""
    with transaction.atomic():
        now = locked(draft)
        if now.filling_hash != draft.filling_hash:
            raise _Overtaken
        yield now


def _plan(draft: Dataset, wanted: Sequence[Row], digest: str) -> Plan:
    """Compare the newest version with the wanted rows."""
    places = {row["key"]: place for place, row in enumerate(wanted)}
    before: dict[str, int] = {}
    current: list[int | None] = [None] * len(wanted)
    for item in _rows(draft).in_version(draft.draft_number - 1).iterator(ROWS_AT_ONCE):
        before[item.key] = item.pk
        place = places.get(item.key)
        if place is not None and _is_same(item, wanted[place]):
            current[place] = item.position
    positions = positions_for(current)
    numbered = zip(wanted, positions, current, strict=True)
    written = {row["key"]: (row, position) for row, position, old in numbered if position != old}
    changed = [before[key] for key in written if key in before]
    removed = [pk for key, pk in before.items() if key not in places]
    counts = (len(wanted), len(written) - len(changed), len(changed), len(removed))
    return Plan(closed=[*changed, *removed], written=written, contents=Contents(digest, *counts))


def _clear(draft: Dataset, plan: Plan) -> None:
    """Take back what another file left in the draft when it was interrupted."""
    begun = _rows(draft).filter(since=draft.draft_number).iterator(ROWS_AT_ONCE)
    for pks in _chunks(item.pk for item in begun if not plan.holds(item)):
        with _held(draft):
            _rows(draft).filter(pk__in=pks).delete()
    closed = set(plan.closed)
    ended = _rows(draft).filter(until=draft.draft_number).values_list("pk", flat=True)
    for pks in _chunks([pk for pk in ended if pk not in closed]):
        with _held(draft):
            _rows(draft).filter(pk__in=pks).update(until=None)


def _write(draft: Dataset, plan: Plan, by: Person | None) -> None:
    """Bring the draft to the plan; what is there already stays."""
    for pks in _chunks(plan.closed):
        with _held(draft):
            _rows(draft).filter(pk__in=pks, until=None).update(until=draft.draft_number)
    for keys in _chunks(plan.written):
        with _held(draft):
            there = set(_rows(draft).filter(key__in=keys, since=draft.draft_number).values_list("key", flat=True))
            Item.objects.bulk_create(_new_rows(draft, [plan.written[key] for key in keys if key not in there], by))


def _new_rows(draft: Dataset, written: Iterable[tuple[Row, int]], by: Person | None) -> Iterator[Item]:
    values = {"dataset": draft, "since": draft.draft_number, "changed_by": user_of(by), "changed_at": timezone.now()}
    return (Item(position=position, **row, **values) for row, position in written)


def _version_of(dataset: Dataset, digest: str) -> DatasetVersion:
    """Return the newest version if it holds the wanted rows: the same file ran twice at once. Raises ActionConflict."""
    newest = dataset.versions.first()
    if newest is not None and newest.content_hash == digest:
        return newest
    raise ActionConflict(f"Another file was written into {dataset} at the same time: run this one again.")


def _rows(draft: Dataset) -> ItemQuerySet:
    rows: ItemQuerySet = Item.objects.filter(dataset=draft)
    return rows


def _is_same(item: Item, row: Row) -> bool:
    return all(getattr(item, part) == value for part, value in row.items())


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while chunk := list(islice(rest, ROWS_AT_ONCE)):
        yield chunk
