"""Looking for a text in many items: a stretch of a dataset at a time, for no index finds parts of words."""

from dataclasses import dataclass

from experiments.models.datasets import ItemQuerySet

LOOKED = 10_000
"""So many items are looked through for one page."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The items of a dataset that one page looks through."""

    start: int | None
    """The position that it begins with; None: the beginning."""
    end: int | None
    """The position of its last item; None: there are no more."""

    @classmethod
    def of(cls, rows: ItemQuerySet, start: int | None) -> "Stretch":
        """Return the stretch of these rows from a position on."""
        ahead = rows if start is None else rows.filter(position__gte=start)
        ends = list(ahead.order_by("position", "id").values_list("position", flat=True)[LOOKED - 1 : LOOKED + 1])
        return cls(start, ends[0] if len(ends) > 1 else None)

    @property
    def is_whole(self) -> bool:
        """Whether nothing lies before or behind it."""
        return self.start is None and self.end is None

    @property
    def next_start(self) -> int | None:
        """The position that the next one begins with; None: there is none."""
        return None if self.end is None else self.end + 1

    def within(self, rows: ItemQuerySet) -> ItemQuerySet:
        """Return those of the rows that lie in it."""
        rows = rows if self.start is None else rows.filter(position__gte=self.start)
        return rows if self.end is None else rows.filter(position__lte=self.end)
