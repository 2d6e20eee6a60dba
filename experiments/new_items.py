"""Items to be: what the rows of a file, or the items written in an experiment file, come to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item that is to be stored."""

    key: str
    """Unique in its dataset, at most 200 characters."""
    input: str | dict[str, Any]
    """Text, or an object of named variables."""
    expected: Any = None
    """A value, a list of accepted values, or None: no expected answer."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    split: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """What the content hash covers, by name."""
        return {
            "key": self.key,
            "input": self.input,
            "expected": self.expected,
            "metadata": self.metadata,
            "tags": list(self.tags),
            "split": self.split,
        }


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no item."""

    line: int
    """Of the file, from 1: where the row begins."""
    reason: str
    """A sentence for people."""
