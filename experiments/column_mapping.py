"""From rows of a file to items: which columns become key, input, expected, metadata, tags and split."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments.canonical import item_key
from experiments.dataset_files import SourceRow
from experiments.new_items import BadRow, NewItem

KEY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class SplitColumn:
    """A column whose text may hold several values."""

    column: str
    split: str = ""
    """What parts the values; "": the whole cell is one value."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which columns of a file become what of an item."""

    input: str | Mapping[str, str] = "input"
    """One column, then `{{ input }}`; or variable: column."""
    key: str = ""
    """"": the hash of the input."""
    expected: SplitColumn | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    """name: column."""
    tags: SplitColumn | None = None
    split: str = ""

    def columns(self) -> list[str]:
        """Return every column that is named."""
        inputs = [self.input] if isinstance(self.input, str) else list(self.input.values())
        parted = [part.column for part in (self.expected, self.tags) if part]
        return [name for name in (self.key, *inputs, *parted, *self.metadata.values(), self.split) if name]


class Misfit(ValueError):
    """A row that the mapping makes no item of."""


def items_of(rows: Iterable[SourceRow | BadRow], mapping: ColumnMapping) -> Iterator[NewItem | BadRow]:
    """Yield an item or a bad row for each row; a key that was there before makes the second row bad."""
    lines: dict[str, int] = {}
    for row in rows:
        made = row if isinstance(row, BadRow) else item_of(row, mapping)
        if isinstance(made, NewItem):
            if made.key in lines:
                yield BadRow(row.line, f'the key "{made.key}" stands in line {lines[made.key]} already')
                continue
            lines[made.key] = row.line
        yield made


def item_of(row: SourceRow, mapping: ColumnMapping) -> NewItem | BadRow:
    """Return the item of one row, or why it makes none."""
    try:
        given = _input(row.values, mapping.input)
        return NewItem(
            key=_key(row.values, mapping.key, given),
            input=given,
            expected=_expected(row.values, mapping.expected),
            metadata={name: row.values[column] for name, column in mapping.metadata.items() if column in row.values},
            tags=_tags(row.values, mapping.tags),
            split=str(row.values.get(mapping.split, "")) if mapping.split else "",
        )
    except Misfit as misfit:
        return BadRow(row.line, str(misfit))


def _input(values: Mapping[str, Any], columns: str | Mapping[str, str]) -> Any:
    if isinstance(columns, str):
        given = values.get(columns)
        if given is None or (isinstance(given, str) and not given.strip()):
            raise Misfit(f'the input column "{columns}" is empty')
        return given if isinstance(given, str | dict) else str(given)
    given = {name: values[column] for name, column in columns.items() if column in values}
    if not any(str(value).strip() for value in given.values()):
        raise Misfit("every input column is empty")
    return given


def _key(values: Mapping[str, Any], column: str, given: Any) -> str:
    if not column:
        return item_key(given)
    key = values.get(column)
    text = "" if key is None or isinstance(key, dict | list) else str(key).strip()
    if not text:
        raise Misfit(f'the key column "{column}" is empty')
    if len(text) > KEY_LIMIT:
        raise Misfit(f"the key has {len(text)} characters; {KEY_LIMIT} are allowed")
    return text


def _expected(values: Mapping[str, Any], column: SplitColumn | None) -> Any:
    if column is None:
        return None
    value = values.get(column.column)
    if value is None or value == "":
        return None
    if column.split and isinstance(value, str):
        return [part.strip() for part in value.split(column.split) if part.strip()]
    return value


def _tags(values: Mapping[str, Any], column: SplitColumn | None) -> tuple[str, ...]:
    value = values.get(column.column) if column else None
    if value is None or value == "":
        return ()
    parts: Sequence[Any] = value if isinstance(value, list) else str(value).split(column.split or ",") if column else ()
    tags = tuple(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))
    if any("|" in tag for tag in tags):
        raise Misfit('a tag may not hold "|"')
    return tags
