"""What differs between two states of a dataset: items that are added, changed and removed."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from experiments.item_keys import without_renamed
from experiments.models import Dataset, Item
from experiments.models.datasets import ItemQuerySet
from experiments.rows.new_items import text_of

KINDS = ("added", "changed", "removed")
PARTS = ("input", "expected", "metadata", "tags", "split")


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an item that changed, as texts."""

    part: str
    before: str
    after: str

    @classmethod
    def between(cls, part: str, was: Any, now: Any) -> "Difference":
        """Return what a part was and is; tags are parted as people write them."""
        before, after = (" | ".join(value) if part == "tags" and value else text_of(value) for value in (was, now))
        return cls(part, before, after)


@dataclass(frozen=True, slots=True)
class Change:
    """One item that is not in both states as it is."""

    kind: str
    """added, changed or removed."""
    before: Item | None
    after: Item | None

    @property
    def item(self) -> Item:
        """The row that places it: as it is after, else as it was before."""
        return self.after or self.before  # type: ignore[return-value]  # one of the two is there

    @property
    def differences(self) -> list[Difference]:
        """The parts that differ; for an added or removed item those that are not empty."""
        before, after = _content(self.before), _content(self.after)
        pairs = ((part, before.get(part), after.get(part)) for part in PARTS)
        return [Difference.between(part, was, now) for part, was, now in pairs if was != now]


def _content(item: Item | None) -> dict[str, Any]:
    """Return what an item holds; empty parts as None."""
    content = item.content if item else {}
    return {part: value for part, value in content.items() if value not in (None, "", [], {})}


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """The differences from one version of a dataset to a later one; the draft's number stands for the draft."""

    dataset: Dataset
    first: int
    """0: the empty beginning."""
    second: int

    def counts(self) -> dict[str, int]:
        """Return how many items are added, changed and removed."""
        is_entered, is_left = self._is_entered(), self._is_left()
        found = self._rows().aggregate(
            entered=Count("pk", filter=is_entered),
            left=Count("pk", filter=is_left),
            changed=Count("pk", filter=Q(is_entered, Exists(self._left().filter(key=OuterRef("key"))))),
        )
        both = found["changed"]
        return {"added": found["entered"] - both, "changed": both, "removed": found["left"] - both}

    def rows(self, kind: str) -> ItemQuerySet:
        """Return the rows of one kind in their order: as they are after, removed ones as they were before."""
        if kind == "removed":
            found = self._left().exclude(Exists(self._entered().filter(key=OuterRef("key"))))
        else:
            is_changed = Exists(self._left().filter(key=OuterRef("key")))
            found = self._entered().filter(is_changed if kind == "changed" else ~is_changed)
        ordered: ItemQuerySet = found.order_by("position", "id")
        return ordered

    def changes(self, kind: str, rows: list[Item]) -> list[Change]:
        """Return the changes that rows of one kind are."""
        if kind == "removed":
            return [Change(kind, row, None) for row in rows]
        before = {}
        if kind == "changed":
            former = self._left().filter(key__in=[row.key for row in rows])
            before = {row.key: row for row in former.order_by()}
        return [Change(kind, before.get(row.key), row) for row in rows]

    def _entered(self) -> ItemQuerySet:
        rows: ItemQuerySet = self._rows().filter(self._is_entered())
        return rows

    def _left(self) -> ItemQuerySet:
        rows: ItemQuerySet = self._rows().filter(self._is_left())
        return rows

    def _is_entered(self) -> Q:
        """Return the condition that a row is of the later state, not of the first."""
        return Q(since__gt=self.first, since__lte=self.second) & (Q(until=None) | Q(until__gt=self.second))

    def _is_left(self) -> Q:
        """Return the condition that a row is of the first state, not of the later one."""
        return Q(since__lte=self.first, until__gt=self.first, until__lte=self.second)

    def _rows(self) -> ItemQuerySet:
        rows: ItemQuerySet = Item.objects.filter(dataset=self.dataset)
        return rows


def removed_items(dataset: Dataset) -> ItemQuerySet:
    """Return the rows of items that the draft has no more, each as it was last."""
    return without_renamed(Item.objects.filter(dataset=dataset).removed())
