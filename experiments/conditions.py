"""Which items a scorer judges: `when` of its declaration."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Q

KEYS = ("tags", "split")


@dataclass(frozen=True, slots=True)
class Condition:
    """What an item must have to be judged; without tags and split every item is."""

    tags: tuple[str, ...] = ()
    """It bears each of them."""
    split: str = ""
    """It is in this split; "": in any."""

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """Return the condition of {tags, split}; one text stands for a list of one. Raises ValueError."""
        unknown = [key for key in written if key not in KEYS]
        if unknown:
            raise ValueError(f'there is no "{unknown[0]}": write {" and ".join(KEYS)}')
        tags, split = written.get("tags") or [], written.get("split") or ""
        tags = [tags] if isinstance(tags, str) else tags
        if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) and tag for tag in tags):
            raise ValueError("tags is a list of texts")
        if not isinstance(split, str):
            raise ValueError("split is a text")
        return cls(tuple(tags), split)

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored and exported: only what it asks for."""
        return {**({"tags": list(self.tags)} if self.tags else {}), **({"split": self.split} if self.split else {})}

    def holds(self, tags: Collection[str], split: str) -> bool:
        """Return whether an item with these tags in this split is judged."""
        return set(self.tags).issubset(tags) and self.split in ("", split)

    def query(self, prefix: str = "") -> Q:
        """Return the same for rows of items; with the prefix `item__` for rows that belong to one."""
        bearing = [Q(**{f"{prefix}tags__contains": f"|{tag}|"}) for tag in self.tags]
        return Q(*bearing, *([Q(**{f"{prefix}split": self.split})] if self.split else []))
