"""Writing items of a draft that is locked: frozen rows are closed, rows of the draft overwritten, each edit noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from experiments.actions.item_content import CONTENT
from experiments.actions.label_names import with_new_names
from experiments.actions.refusals import StaleEdit
from experiments.models import BulkEdit, Dataset, Item, ItemEdit
from experiments.models.datasets import ItemQuerySet, split_tags
from experiments.models.projects import Person
from experiments.permissions import user_of

STALE = "Somebody else changed this item since you opened it: open it again and repeat your change."


@dataclass(frozen=True, slots=True)
class Step:
    """One item of the draft as it is, and as it is to be."""

    before: Item | None
    """Its row; None: it begins."""
    content: Mapping[str, Any] | None
    """As a row stores it; None: it ends."""
    position: int

    @property
    def key(self) -> str:
        """What the item is called after the step."""
        return str(self.content["key"]) if self.content is not None else self.before.key if self.before else ""

    @property
    def former_key(self) -> str:
        """What the item was called before, where the step changes that; else ""."""
        is_renamed = self.before is not None and self.before.key != self.key
        return self.before.key if self.before is not None and is_renamed else ""

    def reopens(self, row: Item | None) -> bool:
        """Return whether the item is to be what this closed row of the newest version is."""
        if row is None or self.content is None or row.position != self.position:
            return False
        return all(getattr(row, name) == value for name, value in self.content.items())


@dataclass(frozen=True, slots=True)
class Author:
    """Who edits, when, and as a part of what."""

    by: Person | None
    at: datetime
    bulk: BulkEdit | None

    @property
    def values(self) -> dict[str, Any]:
        """What rows note."""
        return {"changed_by": user_of(self.by), "changed_at": self.at}


def write_steps(draft: Dataset, steps: Sequence[Step], by: Person | None, bulk: BulkEdit | None = None) -> None:
    """Edit items of the locked draft, at most a chunk of them, and note each edit.

    An item that becomes what the newest version holds is that version's row again. Raises StaleEdit when a row is
    closed already, and IntegrityError when a key is taken.
    """
    author = Author(by, timezone.now(), bulk)
    ItemEdit.objects.bulk_create([_noted(draft, step, author) for step in steps])
    ended = _rows(draft).filter(until=draft.draft_number, key__in=[step.key for step in steps])
    closed = {row.key: row for row in ended.order_by()}
    reopened = [closed[step.key].pk for step in steps if step.reopens(closed.get(step.key))]
    written = [step for step in steps if step.content is not None and not step.reopens(closed.get(step.key))]
    overwritten = [step for step in written if _is_own(draft, step)]
    _end(draft, steps, kept={step.before.pk for step in overwritten if step.before})
    Item.objects.filter(pk__in=reopened).update(until=None)
    _begin(draft, [step for step in written if not _is_own(draft, step)], author)
    _overwrite(overwritten, author)
    tags = {tag for step in written if step.content for tag in split_tags(step.content["tags"])}
    names = with_new_names(draft, tags, {step.content["split"] for step in written if step.content})
    Dataset.objects.filter(pk=draft.pk).update(draft_edit_count=F("draft_edit_count") + len(steps), **names)


def _is_own(draft: Dataset, step: Step) -> bool:
    """Return whether the item's row is one of the draft alone, which is overwritten."""
    return step.before is not None and step.before.since == draft.draft_number


def _end(draft: Dataset, steps: Sequence[Step], kept: set[int]) -> None:
    """Close rows that versions hold and delete those of the draft, but for the ones that are kept. Raises StaleEdit."""
    frozen = [step.before.pk for step in steps if step.before and not _is_own(draft, step)]
    if Item.objects.filter(pk__in=frozen, until=None).update(until=draft.draft_number) != len(frozen):
        raise StaleEdit(STALE)
    own = [step.before.pk for step in steps if step.before and _is_own(draft, step)]
    Item.objects.filter(pk__in=[pk for pk in own if pk not in kept]).delete()


def _begin(draft: Dataset, steps: Sequence[Step], author: Author) -> None:
    Item.objects.bulk_create(
        Item(dataset=draft, since=draft.draft_number, position=step.position, **step.content, **author.values)
        for step in steps
        if step.content is not None
    )


def _overwrite(steps: Sequence[Step], author: Author) -> None:
    """Change rows of the draft: those that change alike in one statement."""
    alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
    for step in steps:
        if step.before is not None and step.content is not None:
            changes = {name: value for name, value in step.content.items() if getattr(step.before, name) != value}
            alike.setdefault(repr(changes), (changes, []))[1].append(step.before.pk)
    for changes, pks in alike.values():
        Item.objects.filter(pk__in=pks).update(**changes, **author.values)


def _noted(draft: Dataset, step: Step, author: Author) -> ItemEdit:
    """Return the note of one step: the parts that differ; all of an item that begins or ends."""
    was = step.before.content if step.before else None
    now = None if step.content is None else {**step.content, "tags": list(split_tags(step.content["tags"]))}
    if was is not None and now is not None:
        differing = [name for name in CONTENT if was[name] != now[name]]
        was, now = ({name: content[name] for name in differing} for content in (was, now))
    return ItemEdit(
        dataset=draft,
        bulk=author.bulk,
        key=step.key,
        former_key=step.former_key,
        draft_number=draft.draft_number,
        before=was,
        after=now,
        position=step.position,
        **author.values,
    )


def _rows(draft: Dataset) -> ItemQuerySet:
    """Return the rows of a dataset; those known by their ids are asked for by these alone, or SQLite walks them all."""
    rows: ItemQuerySet = Item.objects.filter(dataset=draft)
    return rows
