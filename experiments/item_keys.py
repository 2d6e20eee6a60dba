"""What items were called: keys are edited, and what happened to an item goes on being its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from experiments.models import Dataset, Item, ItemEdit
from experiments.models.datasets import ItemQuerySet

MOST_NAMES = 20
"""So many names of an item are followed back."""


@dataclass(frozen=True, slots=True)
class Name:
    """A key, and from which edit to which it was that of the item."""

    key: str
    first: int
    """Number of the edit that it begins with."""
    since: int
    """Number of the draft of that edit."""
    renaming: ItemEdit | None
    """The edit that gave the item its next key; None: this is its present one."""

    @property
    def edits(self) -> Q:
        """The condition that an edit is one of the item under this name."""
        own = Q(key=self.key, pk__gte=self.first)
        return own & Q(pk__lt=self.renaming.pk) if self.renaming else own

    @property
    def rows(self) -> Q:
        """The condition that a row is one of the item under this name."""
        own = Q(key=self.key, since__gte=self.since)
        return own & Q(since__lt=self.renaming.draft_number) if self.renaming else own


def names_of(dataset: Dataset, key: str) -> list[Name]:
    """Return what the item that has this key now was called, newest first."""
    names: list[Name] = []
    renaming: ItemEdit | None = None
    while len(names) < MOST_NAMES:
        edits = ItemEdit.objects.filter(dataset=dataset).order_by("-pk")
        edits = edits.filter(pk__lt=renaming.pk) if renaming else edits
        left = edits.renaming().filter(former_key=key).first()  # another item had the key until then
        came = edits.renaming().filter(key=key, pk__gt=left.pk if left else 0).first()
        begin = came or left
        names.append(Name(key, begin.pk if begin else 0, begin.draft_number if begin else 0, renaming))
        if came is None:
            break
        key, renaming = came.former_key, came
    return names


def edits_of(dataset: Dataset, key: str) -> Q:
    """Return the condition that an edit is one of the item that has this key now, under any of its names."""
    return reduce(or_, (name.edits for name in names_of(dataset, key)))


def present_keys(dataset: Dataset, edits: Sequence[ItemEdit]) -> dict[int, str]:
    """Return what the items of edits are called now, by the edits' ids; one that was removed keeps its key."""
    keys = {edit.pk: edit.key for edit in edits}
    waiting = {edit.pk: edit.pk for edit in edits if edit.after is not None}
    while waiting:
        called = {keys[pk] for pk in waiting}
        later = ItemEdit.objects.renaming().filter(dataset=dataset, former_key__in=called, pk__gt=min(waiting.values()))
        # Sorted here: SQLite would rather read all later edits in their order.
        renamings = sorted(later.order_by().values_list("pk", "former_key", "key"))
        followed = {}
        for pk, seen in waiting.items():
            found = next((row for row in renamings if row[0] > seen and row[1] == keys[pk]), None)
            if found:
                followed[pk], keys[pk] = found[0], found[2]
        waiting = followed
    return keys


def present_key(row: Item) -> str:
    """Return what the item is called now whose row this is, or was."""
    if row.until is None:
        return row.key
    renamings = ItemEdit.objects.renaming().filter(dataset=row.dataset_id, former_key=row.key)
    renaming = renamings.filter(draft_number__gte=row.until).order_by("pk").first()
    return row.key if renaming is None else present_keys(row.dataset, [renaming])[renaming.pk]


def without_renamed(rows: ItemQuerySet) -> ItemQuerySet:
    """Return the closed rows but those of items that only have another key now."""
    same = ItemEdit.objects.renaming().filter(dataset=OuterRef("dataset"), former_key=OuterRef("key"))
    left: ItemQuerySet = rows.exclude(Exists(same.filter(draft_number=OuterRef("until"))))
    return left
