"""Rows of a data file as they are read, before anybody says what their columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file."""

    line: int
    """Where it begins, from 1."""
    values: Mapping[str, Any]
    is_typed: bool = field(default=False, compare=False)
    """Whether the values have the types of JSON, so that a text is meant as a text; else all are texts."""


class UnreadableFile(ValueError):
    """A file that cannot be read as what it is said to be; the text says why, and what to do."""
