"""From rows of a file to items: which columns become key, input, expected, metadata, tags and split."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.canonical import item_key
from experiments.rows.dataset_files import SourceRow
from experiments.rows.new_items import BadRow, Misfit, NewItem, new_item, text_of

PLACES = ("key", "input", "expected", "metadata", "tags", "split", "checks")
NAMED = ("input", "metadata")
SPLIT = ("expected", "tags")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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
    is_key_optional: bool = False
    """Whether a row without this column gets the hash of its input; else it is bad."""
    expected: SplitColumn | None = None
    metadata: str | Mapping[str, str] = field(default_factory=dict)
    """name: column; or one column that holds an object."""
    tags: SplitColumn | None = None
    split: str = ""
    checks: str = ""
    """The column with the item's own checks, a JSON list; it becomes metadata.checks."""

    def columns(self) -> dict[str, str]:
        """Return every column that is named, by the place that names it: key, input.question, metadata.topic, ..."""
        inputs = {"": self.input} if isinstance(self.input, str) else self.input
        named = {"key": self.key, **{_place("input", name): column for name, column in inputs.items()}}
        named |= {place: part.column for place, part in (("expected", self.expected), ("tags", self.tags)) if part}
        metadata = {"": self.metadata} if isinstance(self.metadata, str) else self.metadata
        named |= {_place("metadata", name): column for name, column in metadata.items()}
        named |= {"split": self.split, "checks": self.checks}
        return {place: column for place, column in named.items() if column}

    def declared(self) -> dict[str, Any]:
        """Return it in the words of `mapping_from`."""
        parts = {
            "key": self.key,
            "input": self.input,
            "expected": _declared(self.expected, ""),
            "metadata": self.metadata,
            "tags": _declared(self.tags, "|"),
            "split": self.split,
            "checks": self.checks,
        }
        return {place: part for place, part in parts.items() if part}


def _declared(part: SplitColumn | None, usual_split: str) -> Any:
    if part is None or part.split == usual_split:
        return part and part.column
    return {"column": part.column, "split": part.split}


def _place(part: str, name: str) -> str:
    return f"{part}.{name}" if name else part


class WrongMapping(ValueError):
    """What should say what columns mean does not; the text is a sentence for people."""


def mapping_from(given: Any) -> ColumnMapping:
    """Return the mapping that a form or the API declares, in the words of an experiment file. Raises WrongMapping."""
    if not isinstance(given, Mapping):
        raise WrongMapping('a mapping is an object like {"key": "id", "input": "question", "expected": "answer"}')
    unknown = [name for name in given if name not in PLACES]
    if unknown:
        raise WrongMapping(f'a mapping has no "{unknown[0]}"; it has {", ".join(PLACES)}')
    values = {place: value for place, value in given.items() if value not in (None, "", {}, [])}
    if "input" not in values:
        raise WrongMapping("say which column is the input")
    for place, value in values.items():
        if not (isinstance(value, str) or _is_named(place, value) or _is_split(place, value)):
            raise WrongMapping(f"{place} is {_what_is(place)}")
    wrong = [name for name in _names(values["input"]) if not VARIABLE.fullmatch(name)]
    if wrong:
        raise WrongMapping(f'"{wrong[0]}" is no name that a template can read: letters, digits and _')
    return ColumnMapping(
        input=values["input"],
        key=values.get("key", ""),
        expected=_split_column(values.get("expected")),
        metadata=values.get("metadata", {}),
        tags=_split_column(values.get("tags"), "|"),
        split=values.get("split", ""),
        checks=values.get("checks", ""),
    )


def _what_is(place: str) -> str:
    if place in NAMED:
        return "a column, or an object of names with their columns"
    return f'a column, or {{"column": "{place.title()}", "split": ","}}' if place in SPLIT else "a column"


def _is_named(place: str, value: Any) -> bool:
    return place in NAMED and isinstance(value, Mapping) and all(_is_text(column) for column in value.values())


def _is_split(place: str, value: Any) -> bool:
    return (
        place in SPLIT
        and isinstance(value, Mapping)
        and "column" in value
        and not set(value) - {"column", "split"}
        and all(_is_text(part) for part in value.values())
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _split_column(value: str | Mapping[str, str] | None, split: str = "") -> SplitColumn | None:
    """Return a column with what parts its values; where the object does not say that, the default does."""
    if value is None:
        return None
    return (
        SplitColumn(value, split) if isinstance(value, str) else SplitColumn(value["column"], value.get("split", split))
    )


def _names(columns: str | Mapping[str, str]) -> Iterable[str]:
    return () if isinstance(columns, str) else columns


def variable_name(column: str) -> str:
    """Return a column's name as templates can read it."""
    if VARIABLE.fullmatch(column):
        return column
    name = "".join(character if character.isascii() and character.isalnum() else "_" for character in column)
    return name if VARIABLE.fullmatch(name) else f"column_{name}"


def mapping_of(columns: Iterable[str], *, is_table: bool) -> ColumnMapping:
    """Return what columns mean by their names, as an export writes them: key, input.NAME, metadata.NAME, ...

    The columns are those of the first row. Later objects of JSON may have more, so there the optional ones count
    as present, and each object says whether it has a key.
    """
    there = list(columns)
    if not is_table:
        there += (
            ["expected", "tags", "split"] if _named(there, "metadata.") else ["expected", "metadata", "tags", "split"]
        )
    inputs, metadata = _named(there, "input."), _named(there, "metadata.")
    return ColumnMapping(
        input="input" if "input" in there or not inputs else inputs,
        key="key" if "key" in there or not is_table else "",
        is_key_optional=not is_table,
        expected=SplitColumn("expected") if "expected" in there else None,
        metadata="metadata" if "metadata" in there else metadata,
        tags=SplitColumn("tags", "|") if "tags" in there else None,
        split="split" if "split" in there else "",
    )


def _named(columns: Iterable[str], prefix: str) -> dict[str, str]:
    return {column.removeprefix(prefix): column for column in columns if column.startswith(prefix)}


def missing_columns(mapping: ColumnMapping, values: Mapping[str, Any], *, is_table: bool) -> dict[str, str]:
    """Return the columns that a first row does not have, by the place that names them.

    Objects of JSON may lack what is optional, rows of a table may not: there a missing column is a wrong name.
    """
    return {
        place: column
        for place, column in mapping.columns().items()
        if column not in values and (is_table or _is_needed(place, mapping))
    }


def _is_needed(place: str, mapping: ColumnMapping) -> bool:
    return place.startswith("input") or (place == "key" and not mapping.is_key_optional)


def items_of(rows: Iterable[SourceRow | BadRow], mapping: ColumnMapping) -> Iterator[NewItem | BadRow]:
    """Yield an item or a bad row for each row; a key that was there before makes the second row bad."""
    places: dict[str, int] = {}
    for row in rows:
        made = row if isinstance(row, BadRow) else item_of(row, mapping)
        if isinstance(row, SourceRow) and isinstance(made, NewItem):
            place = -row.number or row.line
            if made.key in places:
                made = row.bad(_twice(made, places[made.key], place))
            else:
                places[made.key] = place
        yield made


def _twice(item: NewItem, first: int, second: int) -> str:
    """Return what is wrong with an item whose key was there before; numbers of rows in a list are negative."""
    if min(first, second) > 0:
        both = f"lines {first} and {second}"
    else:
        both = " and ".join(f"line {at}" if at > 0 else f"row {-at} of the list" for at in (first, second))
    if item.key == item_key(item.input):
        return f"{both} hold the same input: give them keys, or leave one out"
    return f'{both} have the key "{item.key}"'


def item_of(row: SourceRow, mapping: ColumnMapping) -> NewItem | BadRow:
    """Return the item of one row, or why it makes none."""
    values = row.values
    is_keyless = mapping.is_key_optional and mapping.key not in values
    try:
        return new_item(
            key=values.get(mapping.key),
            has_key=bool(mapping.key) and not is_keyless,
            given=_input(values, mapping.input),
            expected=_expected(row, mapping.expected),
            metadata={**_metadata(values, mapping.metadata), **_checks(values, mapping.checks)},
            tags=_tags(values, mapping.tags),
            split=values.get(mapping.split) if mapping.split else None,
        )
    except Misfit as misfit:
        return row.bad(str(misfit))


def _input(values: Mapping[str, Any], columns: str | Mapping[str, str]) -> Any:
    if isinstance(columns, str):
        return values.get(columns)
    return {name: values[column] for name, column in columns.items() if column in values}


def _metadata(values: Mapping[str, Any], columns: str | Mapping[str, str]) -> dict[str, Any]:
    if isinstance(columns, Mapping):
        return {name: values[column] for name, column in columns.items() if column in values}
    whole = values.get(columns)
    if whole in (None, ""):
        return {}
    if not isinstance(whole, Mapping):
        raise Misfit(f'the column "{columns}" holds no object: names with values')
    return dict(whole)


def _checks(values: Mapping[str, Any], column: str) -> dict[str, Any]:
    """Return the item's own checks under the name that they have in its metadata; without any nothing."""
    given = values.get(column) if column else None
    if given is None or given == [] or (isinstance(given, str) and not given.strip()):
        return {}
    checks = _list_or_text(given, of=dict) if isinstance(given, str) else given
    if not isinstance(checks, list):
        raise Misfit(f'the column "{column}" holds no JSON list of checks')
    return {"checks": checks}


def _expected(row: SourceRow, column: SplitColumn | None) -> Any:
    """Return what is expected; a cell of a table that holds a JSON list accepts each of its values."""
    value = row.values.get(column.column) if column else None
    if not isinstance(value, str) or column is None:
        return value
    if column.split:
        return [part.strip() for part in value.split(column.split) if part.strip()]
    if not row.is_typed and value.lstrip().startswith("["):
        return _list_or_text(value)
    return value if value.strip() else None


def _list_or_text(text: str, *, of: Any = str | int | float) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, list) and all(isinstance(part, of) for part in value) else text


def _tags(values: Mapping[str, Any], column: SplitColumn | None) -> list[Any]:
    value = values.get(column.column) if column else None
    if isinstance(value, list):
        return value
    if column is None or not column.split:
        return [value]
    return list(text_of(value).split(column.split))
