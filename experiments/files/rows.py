"""The rows of a dataset: in a data file that the experiment file names, or written in the experiment file itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.files.document_nodes import ObjectNode, Scalar, as_written
from experiments.files.fields import Fields, suggestion
from experiments.files.providers import expanded
from experiments.rows.column_mapping import VARIABLE, ColumnMapping, SplitColumn, items_of, missing_columns
from experiments.rows.dataset_files import FORMATS, TABLES, SourceRow, UnreadableFile, format_of, read_rows
from experiments.rows.new_items import BadRow, Misfit, NewItem, new_item

MAPPING_KEYS = ("format", "key", "input", "expected", "metadata", "tags", "split", "checks", "bad_rows")
BAD_ROWS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file on the machine of the person who runs the experiment."""

    path: Path
    format: str
    """csv, tsv, json or jsonl."""
    mapping: ColumnMapping
    skips_bad_rows: bool = False
    """Whether bad rows are left out and told of; else each of them is an error."""


def read_source(part: Fields, folder: Path, environ: Mapping[str, str]) -> DataFile | None:
    """Return the data file; None: there is none, or not here."""
    if "items" in part or part.get("file") is None:
        _refuse_mapping(part)
        return None
    mapping = _mapping(part)
    skips = part.choice("bad_rows", ("stop", "skip"), "stop") == "skip"
    node = part.get("file")
    path = folder / (expanded(node, "dataset.file", part.problems, environ) if isinstance(node, Scalar) else "")
    if not path.is_file():
        part.problem("file", f"is not there (tried {path})")
        return None
    kind = _format(part, path)
    return DataFile(path, kind, mapping, skips) if kind else None


def _refuse_mapping(part: Fields) -> None:
    """Note every key that says how to read a file where no file is named."""
    sentence = "goes without items" if "items" in part else "goes with file: name the file"
    for key in ("file", *MAPPING_KEYS):
        if part.get(key) is not None:
            part.problem(key, sentence)


def _format(part: Fields, path: Path) -> str:
    """Return the format that is named, else the one of the file's ending; "": neither, which is noted."""
    if part.get("format") is not None:
        return part.choice("format", FORMATS, FORMATS[0])
    try:
        return format_of(path.name)
    except UnreadableFile as error:
        part.problem("file", f"{path.name}: {error}")
        return ""


def read_file(part: Fields, source: DataFile) -> tuple[list[NewItem], list[BadRow]]:
    """Return the items of a data file and its bad rows; where they are not skipped they are noted as problems."""
    path, mapping = source.path, source.mapping
    try:
        rows = _with_columns(part, read_rows(path, source.format), mapping, is_table=source.format in TABLES)
        made = list(items_of(rows, mapping))
    except UnreadableFile as error:
        part.problem("file", f"{path.name}: {error}")
        return [], []
    except OSError as error:
        part.problem("file", f"{path.name} cannot be read: {error.strerror}")
        return [], []
    bad = [row for row in made if isinstance(row, BadRow)]
    good = [row for row in made if isinstance(row, NewItem)]
    for sentence in bad_row_sentences(path.name, bad) if not (source.skips_bad_rows and good) else ():
        part.problem("file", sentence)
    if not made:
        part.problem("file", f"{path.name} holds no rows")
    return good, bad


def bad_row_sentences(name: str, bad: Sequence[BadRow]) -> list[str]:
    """Return a sentence for each of the first bad rows of a file, and how many more there are."""
    shown = [f"{name}, line {row.line}: {row.reason}" for row in bad[:BAD_ROWS_SHOWN]]
    return shown + ([f"{name}: {len(bad) - BAD_ROWS_SHOWN} more bad rows"] if len(bad) > BAD_ROWS_SHOWN else [])


def _with_columns(
    part: Fields, rows: Iterable[SourceRow | BadRow], mapping: ColumnMapping, *, is_table: bool
) -> Iterable[SourceRow | BadRow]:
    """Pass rows on; a column that the first one does not have is noted once, and then no row is read."""
    is_checked = False
    for row in rows:
        if not is_checked and isinstance(row, SourceRow):
            is_checked = True
            missing = missing_columns(mapping, row.values, is_table=is_table)
            for place, column in missing.items():
                sentence = f'there is no column "{column}"; there are {", ".join(row.values)}'
                part.problem(place, sentence + suggestion(column, list(row.values)))
            if missing:
                raise UnreadableFile("its columns are not those that are named")
        yield row


def _mapping(part: Fields) -> ColumnMapping:
    is_object = isinstance(part.get("input"), ObjectNode)
    if isinstance(part.get("metadata"), ObjectNode):
        metadata = _columns(part, "metadata")
    else:
        metadata = {name: name for name in part.texts("metadata")}
    return ColumnMapping(
        input=_columns(part, "input") if is_object else part.text("input", "input"),
        key=part.text("key"),
        expected=_split_column(part, "expected"),
        metadata=metadata,
        tags=_split_column(part, "tags"),
        split=part.text("split"),
        checks=part.text("checks"),
    )


def _columns(part: Fields, key: str) -> dict[str, str]:
    """Return the columns by the names that templates know them under."""
    inner = part.inner(key)
    for name in inner.left():
        if not VARIABLE.fullmatch(name):
            inner.problem(name, f'"{name}" is no name that a template can read: letters, digits and _')
    columns = {name: inner.text(name) for name, _, _ in part.entries(key)}
    if not columns:
        part.problem(key, "write variable: column")
    return columns


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


def read_items(part: Fields) -> list[NewItem]:
    """Return the items that stand in the file itself."""
    found: dict[str, NewItem] = {}
    for node, path in part.items("items"):
        item = _item(Fields(node, path, part.problems)) if isinstance(node, ObjectNode) else None
        if item is None:
            if not isinstance(node, ObjectNode):
                part.problems.add(node, path, "write an object: input, expected, ...")
            continue
        if item.key in found:
            part.problems.add(node, path, f'the key "{item.key}" is there already; equal inputs need keys')
        found[item.key] = item
    if not part.get("items") or (not found and not part.problems.found):
        part.problem("items", "write one item at least")
    return list(found.values())


def _item(item: Fields) -> NewItem | None:
    given, expected, key = item.get("input"), item.get("expected"), item.get("key")
    metadata, tags, split, key_text = item.written("metadata"), item.texts("tags"), item.text("split"), item.text("key")
    item.done()
    try:
        return new_item(
            key=key_text,
            has_key=key is not None,
            given=given.text if isinstance(given, Scalar) else None if given is None else as_written(given),
            expected=None if expected is None else as_written(expected),
            metadata=metadata,
            tags=tags,
            split=split,
        )
    except Misfit as misfit:
        item.problems.add(item.node, item.where, str(misfit))
    return None
