"""The part `dataset` of an experiment file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.canonical import item_key
from experiments.column_mapping import ColumnMapping, SplitColumn, items_of
from experiments.dataset_files import FORMATS, UnreadableFile, format_of, read_rows
from experiments.file_fields import Fields
from experiments.file_providers import expanded
from experiments.new_items import BadRow, NewItem
from experiments.yaml_document import ListNode, ObjectNode, Scalar, plain

REFERENCE = re.compile(r"(?P<name>[^@]+?)(@(?P<number>[1-9]\d*))?")
MAPPING_KEYS = ("key", "input", "expected", "metadata", "tags", "split", "checks", "format", "bad_rows")
ITEM_KEYS = ("key", "input", "expected", "metadata", "tags", "split")
BAD_ROWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class DatasetPart:
    """The dataset as the file declares it: rows of its own, or a version of the site."""

    name: str
    number: int | None = None
    """Of a version of the site; None: the newest, where there are no rows."""
    rows: tuple[NewItem, ...] | None = None
    """The rows of a file or list; None: the site's."""
    selection: dict[str, Any] = field(default_factory=dict)
    item_limit: int | None = None


def read_dataset(fields: Fields, folder: Path, environ: Mapping[str, str]) -> DatasetPart:
    """Return the dataset, its rows read and mapped."""
    node = fields.get("dataset")
    limit = fields.whole("limit", low=1)
    if isinstance(node, Scalar):
        return _reference(fields, node.text, limit)
    if node is None:
        return DatasetPart("")
    part = Fields(node, "dataset", fields.problems)
    part.required("name")
    part.not_yet("checks", "hf")
    selection, own_limit = _selection(part)
    name = part.text("name").strip()
    rows = _rows(part, folder, environ)
    part.done()
    limit = limit or own_limit
    return DatasetPart(name, None, None if rows is None else tuple(rows), selection, limit)


def _reference(fields: Fields, text: str, limit: int | None) -> DatasetPart:
    match = REFERENCE.fullmatch(text.strip())
    if match is None:
        fields.problem("dataset", "write name, name@version, or an object with name and file or items")
        return DatasetPart("")
    number = match["number"]
    return DatasetPart(match["name"], int(number) if number else None, item_limit=limit)


def _selection(part: Fields) -> tuple[dict[str, Any], int | None]:
    select = part.inner("select")
    select.not_yet("sample", "seed")
    found: dict[str, Any] = {name: select.texts(name) for name in ("tags", "exclude_tags", "keys") if name in select}
    if "split" in select:
        found["split"] = select.text("split")
    limit = select.whole("limit", low=1)
    select.done()
    return found, limit


def _rows(part: Fields, folder: Path, environ: Mapping[str, str]) -> list[NewItem] | None:
    if "items" in part:
        if "file" in part:
            part.problem("items", "file and items exclude each other")
        return _listed(part)
    if "file" not in part:
        _refuse_mapping(part)
        return None
    mapping = _mapping(part)
    if part.choice("bad_rows", ("stop", "skip"), "stop") == "skip":
        part.problem("bad_rows", "skip: not yet")
    path = folder / expanded(part, "file", part.text("file"), environ)
    kind = part.choice("format", FORMATS, FORMATS[0]) if "format" in part else None
    return _read_file(part, path, kind, mapping)


def _refuse_mapping(part: Fields) -> None:
    """A version of the site has its items already: a mapping beside it means that the file was forgotten."""
    for key in MAPPING_KEYS:
        if part.get(key) is not None:
            part.problem(key, "goes with file: name the file")


def _read_file(part: Fields, path: Path, kind: str | None, mapping: ColumnMapping) -> list[NewItem]:
    if not path.is_file():
        part.problem("file", f"is not there (tried {path})")
        return []
    try:
        made = list(items_of(_with_columns(read_rows(path, kind or format_of(path.name)), mapping, path), mapping))
    except (UnreadableFile, OSError) as error:
        part.problem("file", f"{path.name}: {error}")
        return []
    bad = [row for row in made if isinstance(row, BadRow)]
    for row in bad[:BAD_ROWS_SHOWN]:
        part.problem("file", f"{path.name}, line {row.line}: {row.reason}")
    if len(bad) > BAD_ROWS_SHOWN:
        part.problem("file", f"{path.name}: {len(bad) - BAD_ROWS_SHOWN} more bad rows")
    items = [row for row in made if isinstance(row, NewItem)]
    if not made:
        part.problem("file", f"{path.name} holds no rows")
    return items


def _with_columns(rows: Iterable[Any], mapping: ColumnMapping, path: Path) -> Iterable[Any]:
    """Pass rows on; a column that the first row does not have is an error of the whole file."""
    first = True
    for row in rows:
        if first and not isinstance(row, BadRow):
            first = False
            missing = [name for name in mapping.columns() if name not in row.values]
            needed = {mapping.key, *([mapping.input] if isinstance(mapping.input, str) else mapping.input.values())}
            wrong = [name for name in missing if name in needed or path.suffix in (".csv", ".tsv")]
            if wrong:
                there = ", ".join(row.values)
                raise UnreadableFile(f'there is no column "{wrong[0]}"; there are: {there}')
        yield row


def _mapping(part: Fields) -> ColumnMapping:
    metadata = part.get("metadata")
    if isinstance(metadata, ObjectNode):
        named = {name: str(value) for name, value in part.object("metadata").items()}
    else:
        named = {name: name for name in part.texts("metadata")}
    node = part.get("input")
    columns = part.object("input") if isinstance(node, ObjectNode) else part.text("input", "input")
    return ColumnMapping(
        input=columns if isinstance(columns, str) else {name: str(value) for name, value in columns.items()},
        key=part.text("key"),
        expected=_split_column(part, "expected"),
        metadata=named,
        tags=_split_column(part, "tags"),
        split=part.text("split"),
    )


def _split_column(part: Fields, key: str) -> SplitColumn | None:
    node = part.get(key)
    if node is None:
        return None
    if isinstance(node, Scalar):
        return SplitColumn(node.text)
    inner = part.inner(key)
    inner.required("column")
    column = SplitColumn(inner.text("column"), inner.text("split"))
    inner.done()
    return column


def _listed(part: Fields) -> list[NewItem]:
    """Return the items that stand in the file itself."""
    found: list[NewItem] = []
    keys: set[str] = set()
    for node, path in part.items("items"):
        item = _item(Fields(node, path, part.problems))
        if item is None:
            continue
        if item.key in keys:
            part.problems.add(node, path, f'the key "{item.key}" is there already; equal inputs need keys')
        keys.add(item.key)
        found.append(item)
    if not found:
        part.problem("items", "write one item at least")
    return found


def _item(item: Fields) -> NewItem | None:
    node = item.get("input")
    given = node.text if isinstance(node, Scalar) else plain(node) if isinstance(node, ObjectNode) else None
    expected = item.get("expected")
    tags, metadata, split, key = item.texts("tags"), item.object("metadata"), item.text("split"), item.text("key")
    item.done()
    if not given:
        item.problem("input", "write the input: a text, or an object of variables")
        return None
    value = plain(expected) if isinstance(expected, ListNode | ObjectNode | Scalar) else None
    return NewItem(key or item_key(given), given, value, metadata, tuple(tags), split)
