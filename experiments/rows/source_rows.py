"""Rows of a data file as they are read, before anybody says what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.rows.new_items import BadRow

EMPTY = "the file is empty: it has to hold one row at least"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file."""

    line: int
    """Where it begins, from 1."""
    values: Mapping[str, Any]
    is_typed: bool = field(default=False, compare=False)
    """Whether the values have the types of JSON, so that a text is meant as a text; else all are texts."""
    number: int = field(default=0, compare=False)
    """Which row of the list it is, from 1, where its line holds several; 0: the line tells."""

    def bad(self, reason: str) -> BadRow:
        """Return it as a row that makes no item."""
        return BadRow(self.line, f"row {self.number} of the list: {reason}" if self.number else reason)


class UnreadableFile(ValueError):
    """A file that cannot be read as what it is said to be; the text says why, and what to do."""
