"""Which column of a data file becomes which part of an item."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and what separates the values in one of its cells."""

    name: str
    separator: str = ""
    """"": the cell is one value."""


@dataclass(frozen=True, slots=True)
class RowMapping:
    """How a row becomes an item."""

    input: str | Mapping[str, str]
    """One column, the item's text; or variable: column."""
    key: str = ""
    """A column; "": the key is a hash of the input."""
    expected: Column | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Name: column."""
    tags: Column | None = None
    split: str = ""
    """A column; "": no splits."""

    @property
    def columns(self) -> dict[str, str]:
        """Every column that is read, by the place in the experiment file that names it."""
        inputs = {"input": self.input} if isinstance(self.input, str) else self.input
        named = {f"input.{variable}" if inputs is self.input else variable: name for variable, name in inputs.items()}
        named |= {"key": self.key, "split": self.split}
        named |= {part: column.name for part, column in (("expected", self.expected), ("tags", self.tags)) if column}
        named |= {f"metadata.{name}": column for name, column in self.metadata.items()}
        return {place: name for place, name in named.items() if name}
