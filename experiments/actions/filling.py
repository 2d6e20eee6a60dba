"""Freezing rows as a version: written into the draft in short transactions, taken up after a crash, or taken back."""

import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.datasets import dataset_name, locked
from experiments.actions.freezing import ROWS_AT_ONCE, Contents, checked_note, number_draft
from experiments.actions.label_names import note_names
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.actions.surveying import Row, Source, Survey, digest_of_item, stored_rows, survey
from experiments.canonical import content_hash, digest_of
from experiments.chunks import Pace
from experiments.models import Dataset, DatasetVersion, Item, Project
from experiments.models.datasets import POSITION_GAP, ItemQuerySet
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.positions import positions_for
from experiments.rows.new_items import BadRow, NewItem
from experiments.storage import Row as StoredRow
from experiments.storage import RowBuilder, insert

DIGEST_PART = 48
MADE_FOR_ROWS = "+"
"""Ends the `filling_hash` of a dataset that was made for the rows: it goes when they are taken back, by whomever."""
AS_JSON = ("input", "expected", "metadata")
CHANGED = "The file was changed while it was read: import it again."
Beat = Callable[[int, int], object]
"""Called between two chunks with how many rows are written, of how many."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes the newest version into the wanted one; the same for every try, since both never change."""

    closed: Sequence[int]
    """Ids of rows of the newest version that end."""
    written: Mapping[str, int]
    """Positions of the contents that begin, by key."""
    digests: Mapping[str, bytes]
    """What identifies the contents that begin, by key."""
    contents: Contents

    @property
    def is_empty(self) -> bool:
        """Whether the newest version holds what is wanted."""
        return not (self.closed or self.written)

    def holds(self, item: Item) -> bool:
        """Return whether this row of the draft is one that the plan writes."""
        is_placed = self.written.get(item.key) == item.position
        return is_placed and self.digests[item.key] == digest_of_item(item)


NOTHING = Plan([], {}, {}, Contents("", 0, 0, 0, 0))


class Cancelled(Exception):
    """Nobody wants the rows any more: what was written of them is taken back."""


class _Overtaken(Exception):
    """Another file is being written into the draft."""


@dataclass(frozen=True, slots=True)
class Filling:
    """Rows on their way into a version, and what is to be said of it."""

    source: Source
    survey: Survey
    by: Person | None
    is_merge: bool = False
    """Whether items whose keys the rows do not have stay as they are; else the rows are all there is."""
    note: str = ""
    bad_rows: Sequence[BadRow] = ()
    """The first rows of the file that are left out."""
    bad_row_count: int = 0
    beat: Beat = lambda _written, _planned: None

    def identity_on(self, newest: DatasetVersion | None) -> str:
        """Return what the version to be is known by while it is written: 64 hexadecimal digits."""
        if not self.is_merge or newest is None:
            return self.survey.content_hash
        return digest_of([newest.content_hash, self.survey.content_hash])


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
    held = list(rows)
    read = survey(held, name)
    filling = Filling(lambda: held, read, by, note=note, bad_rows=bad_rows, bad_row_count=len(bad_rows))
    return fill(project=project, name=name, filling=filling)


def fill(*, project: Project, name: str, filling: Filling) -> DatasetVersion:
    """Return the version of the named dataset that the rows make; the newest where it holds them already.

    Raises ActionConflict when people have edited the draft or another file overtook this one, ActionRefused when the
    rows are others than those surveyed, and what `beat` raises. After Cancelled, ActionRefused and an interrupt from
    the keyboard nothing of the rows is left.
    """
    require(filling.by, project, "edit_dataset")
    filling = replace(filling, note=checked_note(filling.note))
    named = {"project": project, "name": dataset_name(name)}
    dataset, _ = Dataset.objects.get_or_create(**named, defaults={"filling_hash": MADE_FOR_ROWS})
    newest = dataset.versions.first()
    identity = filling.identity_on(newest)
    if newest is not None and newest.content_hash == identity:
        return newest
    draft = _begin(dataset, identity)
    try:
        return _filled(draft, filling, draft.versions.first())  # the same file may have made one meanwhile
    except _Overtaken:
        return _version_of(dataset, identity)
    except (Cancelled, ActionRefused, KeyboardInterrupt):
        take_back(draft)
        raise


def _filled(draft: Dataset, filling: Filling, newest: DatasetVersion | None) -> DatasetVersion:
    """Write the rows into the draft that is taken and number it; the newest version when there is nothing to write."""
    is_merge = filling.is_merge and newest is not None
    plan = _merge_plan(draft, filling.survey) if is_merge else _plan(draft, filling.survey)
    _clear(draft, plan)
    if newest is not None and plan.is_empty:
        take_back(draft)
        return newest
    _write(draft, plan, filling)
    contents = replace(plan.contents, bad_rows=filling.bad_rows, bad_row_count=filling.bad_row_count)
    if is_merge:
        held = _rows(draft).in_draft().order_by("position", "id").iterator(ROWS_AT_ONCE)
        contents = replace(contents, content_hash=content_hash(item.content for item in held))
    with _held(draft) as filled:
        version = number_draft(filled, contents, filling.by, filling.note)
    note_names(draft)
    return version


@transaction.atomic
def _begin(dataset: Dataset, identity: str) -> Dataset:
    """Take the draft over for this file: from nobody, from an interrupted file, or beside the same file.

    Raises ActionConflict when people have edited the draft.
    """
    draft = locked(dataset)
    refuse_edited(draft)
    if not draft.filling_hash.startswith(identity[:DIGEST_PART]):
        # The random part tells this try from an earlier one with the same rows that was overtaken in between.
        is_made = draft.filling_hash.endswith(MADE_FOR_ROWS)
        draft.filling_hash = identity[:DIGEST_PART] + secrets.token_hex(7) + (MADE_FOR_ROWS if is_made else "")
        Dataset.objects.filter(pk=draft.pk).update(filling_hash=draft.filling_hash)
    return draft


def refuse_edited(draft: Dataset) -> None:
    """Raise ActionConflict when people have edited a draft, so that no file may take its place."""
    if not draft.filling_hash and (draft.draft_edit_count or _rows(draft).filter(since=draft.draft_number).exists()):
        raise ActionConflict(
            f"{draft} has a draft with edits that no version holds: freeze it first, or choose another dataset name."
        )


@contextmanager
def _held(draft: Dataset, pace: Pace | None = None, rows: int = 1) -> Iterator[Dataset]:
    """Lock the draft for one short transaction. Raises _Overtaken when it is no longer this file's to write."""
    with (pace or Pace()).transaction(rows, lambda: locked(draft)) as now:
        if now.filling_hash != draft.filling_hash:
            raise _Overtaken
        yield now


def _plan(draft: Dataset, wanted: Survey) -> Plan:
    """Compare the newest version with the rows that are to be all there is."""
    places = {key: place for place, key in enumerate(wanted.digests)}
    before: dict[str, int] = {}
    current: list[int | None] = [None] * len(places)
    for item in _newest_rows(draft):
        before[item.key] = item.pk
        if wanted.digests.get(item.key) == digest_of_item(item):
            current[places[item.key]] = item.position
    numbered = zip(places, positions_for(current), current, strict=True)
    written = {key: position for key, position, old in numbered if position != old}
    changed = [before[key] for key in written if key in before]
    removed = [pk for key, pk in before.items() if key not in places]
    counts = (len(places), len(written) - len(changed), len(changed), len(removed))
    return Plan([*changed, *removed], written, wanted.digests, Contents(wanted.content_hash, *counts))


def _merge_plan(draft: Dataset, wanted: Survey) -> Plan:
    """Compare the newest version with rows that change some items in their places and go behind the others."""
    closed: list[int] = []
    written: dict[str, int] = {}
    there: set[str] = set()
    last = 0
    for item in _newest_rows(draft):
        there.add(item.key)
        last = max(last, item.position)
        if item.key in wanted.digests and wanted.digests[item.key] != digest_of_item(item):
            closed.append(item.pk)
            written[item.key] = item.position
    new = [key for key in wanted.digests if key not in there]
    written |= {key: last + POSITION_GAP * number for number, key in enumerate(new, start=1)}
    contents = Contents("", len(there) + len(new), len(new), len(closed), 0)
    return Plan(closed, written, wanted.digests, contents)


def _newest_rows(draft: Dataset) -> Iterator[Item]:
    return iter(_rows(draft).in_version(draft.draft_number - 1).iterator(ROWS_AT_ONCE))


def take_back(draft: Dataset) -> None:
    """Bring the draft back to the newest version and give it to people; a dataset made for these rows goes.

    Does nothing when another file has taken the draft over.
    """
    try:
        _clear(draft, NOTHING)
        with _held(draft):
            Dataset.objects.filter(pk=draft.pk).update(filling_hash="")
            if draft.filling_hash.endswith(MADE_FOR_ROWS) and not draft.versions.exists():
                draft.delete()
    except _Overtaken:
        return


def _clear(draft: Dataset, plan: Plan) -> None:
    """Take out of the draft what another file, or this one, left there and the plan does not want."""
    pace = Pace()
    begun = _rows(draft).filter(since=draft.draft_number).iterator(ROWS_AT_ONCE)
    unwanted = [item.pk for item in begun if not plan.holds(item)]  # all read: SQLite lets nobody write who reads on
    for pks in pace.chunks(unwanted):
        with _held(draft, pace, len(pks)):
            Item.objects.filter(pk__in=pks).delete()
    closed = set(plan.closed)
    ended = _rows(draft).filter(until=draft.draft_number).values_list("pk", flat=True)
    for pks in pace.chunks(pk for pk in ended if pk not in closed):
        with _held(draft, pace, len(pks)):
            Item.objects.filter(pk__in=pks).update(until=None)


def _write(draft: Dataset, plan: Plan, filling: Filling) -> None:
    """Bring the draft to the plan; what is there already stays. Raises ActionRefused for other rows than planned."""
    pace = Pace()
    for pks in pace.chunks(plan.closed):
        with _held(draft, pace, len(pks)):
            Item.objects.filter(pk__in=pks, until=None).update(until=draft.draft_number)
        filling.beat(0, len(plan.written))
    done = 0
    for rows in pace.chunks(_planned(plan, filling.source)):
        with _held(draft, pace, len(rows)):
            keys = [row["key"] for row, _ in rows]
            there = _there(draft, keys)
            new = [pair for pair in rows if pair[0]["key"] not in there]
            insert(Item, list(_new_rows(draft, new, filling.by)))
        done += len(rows)
        filling.beat(done, len(plan.written))
    if done != len(plan.written):
        raise ActionRefused("file", CHANGED)


def _there(draft: Dataset, keys: Collection[str]) -> set[str]:
    """Return which of these keys the draft has rows of its own for; unordered, else SQLite walks the whole dataset."""
    own = _rows(draft).filter(key__in=keys, since=draft.draft_number)
    return set(own.order_by().values_list("key", flat=True))


def _planned(plan: Plan, source: Source) -> Iterator[tuple[Row, int]]:
    """Yield the rows that the plan writes, with their positions. Raises ActionRefused for others than planned."""
    for row, digest in stored_rows(source):
        if plan.digests.get(row["key"]) != digest:
            raise ActionRefused("file", CHANGED)
        if row["key"] in plan.written:
            yield row, plan.written[row["key"]]


def _new_rows(draft: Dataset, written: Iterable[tuple[Row, int]], by: Person | None) -> Iterator[StoredRow]:
    person = user_of(by)
    values = {
        "dataset_id": draft.pk,
        "since": draft.draft_number,
        "changed_by_id": person.pk if person else None,
        "changed_at": timezone.now(),
    }
    build = RowBuilder(Item)
    for row, position in written:
        yield build(**{**row, **{name: _as_stored(row[name]) for name in AS_JSON}}, position=position, **values)


def _as_stored(value: Any) -> str | None:
    """Return a JSON value as Django's own field writes it: items are searched as texts too."""
    return None if value is None else json.dumps(value)


def _version_of(dataset: Dataset, identity: str) -> DatasetVersion:
    """Return the newest version if it holds the wanted rows: the same file ran twice at once. Raises ActionConflict."""
    newest = dataset.versions.first()
    if newest is not None and newest.content_hash == identity:
        return newest
    raise ActionConflict(f"Another file was written into {dataset} at the same time: run this one again.")


def _rows(draft: Dataset) -> ItemQuerySet:
    """Return the rows of a dataset; those known by their ids are asked for by these alone, or SQLite walks them all."""
    rows: ItemQuerySet = Item.objects.filter(dataset=draft)
    return rows
