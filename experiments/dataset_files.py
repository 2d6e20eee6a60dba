"""Reading dataset files: CSV, TSV, JSON and JSON Lines, each also compressed, a row at a time."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from experiments.cleaning import clean_json
from experiments.new_items import BadRow

FORMATS = ("csv", "tsv", "json", "jsonl")
SNIFFED_BYTES = 64 * 1024
BOMB_RATIO = 200
BOMB_FLOOR = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a file."""

    line: int
    """Where it begins, from 1."""
    values: Mapping[str, Any]


class UnreadableFile(ValueError):
    """A file that cannot be read as what it is said to be; the text says why, and what to do."""


def format_of(name: str) -> str:
    """Return the format that a file's name says, `.gz` aside. Raises UnreadableFile for an unknown one."""
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending not in FORMATS:
        raise UnreadableFile(f'"{name}" is no {", ".join(FORMATS)} file: rename it, or say format:')
    return ending


def read_rows(path: Path, file_format: str | None = None) -> Iterator[SourceRow | BadRow]:
    """Yield the rows of a file, one at a time. Raises UnreadableFile for what is no such file at all."""
    kind = file_format or format_of(path.name)
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        if start[:2] == b"\x1f\x8b":
            yield from _parsed(_Bounded(gzip.GzipFile(fileobj=raw), path.stat().st_size), kind)
            return
        if start == b"PK\x03\x04":
            raise UnreadableFile(f"{path.name} is a zip or a spreadsheet: save it as CSV first")
        yield from _parsed(raw, kind)


class _Bounded(io.RawIOBase):
    """A decompressed stream that ends when it is out of all proportion to its file."""

    def __init__(self, stream: IO[bytes], packed: int) -> None:
        self._stream, self._left = stream, max(BOMB_FLOOR, packed * BOMB_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError) as error:
            raise UnreadableFile(f"the compressed file is broken: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFile(f"the file unpacks to more than {BOMB_RATIO} times its size: it is refused")
        buffer[: len(data)] = data
        return len(data)


def _parsed(raw: Any, kind: str) -> Iterator[SourceRow | BadRow]:
    stream = io.BufferedReader(raw) if isinstance(raw, io.RawIOBase) and not isinstance(raw, io.BufferedReader) else raw
    text = io.TextIOWrapper(stream, encoding=_encoding_of(stream), newline="", errors="strict")
    try:
        if kind in ("csv", "tsv"):
            yield from _table(text, kind)
        elif kind == "jsonl":
            yield from _json_lines(text)
        else:
            yield from _json_list(text)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"the file is not text in {error.encoding}: save it as UTF-8") from error
    finally:
        text.detach()


def _encoding_of(stream: Any) -> str:
    """Return the encoding that the beginning of a file shows: a BOM, UTF-8, else cp1252."""
    head = stream.peek(SNIFFED_BYTES)[:SNIFFED_BYTES]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: len(head) - 4 if len(head) >= SNIFFED_BYTES else None].decode()
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start >= len(head) - 8 and len(head) >= SNIFFED_BYTES else "cp1252"
    return "utf-8-sig"


def _table(text: io.TextIOWrapper, kind: str) -> Iterator[SourceRow | BadRow]:
    csv.field_size_limit(sys.maxsize)
    lines = iter(text)
    first = next(lines, None)
    if first is None:
        raise UnreadableFile("the file is empty")
    reader = csv.reader(_joined(first, lines), delimiter="\t" if kind == "tsv" else _delimiter(first), strict=False)
    header = [name.strip() for name in next(reader)]
    _check_header(header)
    line = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield _table_row(line, header, cells)
        line = reader.line_num + 1


def _joined(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first.replace("\x00", "")
    for line in rest:
        yield line.replace("\x00", "")


def _delimiter(header: str) -> str:
    """Return the separator that the header shows most often outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(",;\t", key=outside.count)


def _check_header(header: Sequence[str]) -> None:
    if not any(header):
        raise UnreadableFile("the first line holds no column names")
    for name in header:
        if header.count(name) > 1:
            raise UnreadableFile(f'the column "{name or "(empty)"}" stands twice in the first line: rename one')


def _table_row(line: int, header: Sequence[str], cells: Sequence[str]) -> SourceRow | BadRow:
    if len(cells) > len(header):
        return BadRow(line, f"{len(cells)} cells for {len(header)} columns: is a quote or a separator amiss?")
    padded = [*cells, *[""] * (len(header) - len(cells))]
    return SourceRow(line, clean_json(dict(zip(header, padded, strict=True))))


def _json_lines(text: io.TextIOWrapper) -> Iterator[SourceRow | BadRow]:
    for number, line in enumerate(text, start=1):
        stripped = line.strip().rstrip(",")
        if stripped:
            yield _json_row(number, stripped)


def _json_row(number: int, text: str) -> SourceRow | BadRow:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return BadRow(number, f"no JSON: {error.msg} at column {error.colno}")
    return _object_row(number, value)


def _object_row(number: int, value: Any) -> SourceRow | BadRow:
    if not isinstance(value, dict):
        return BadRow(number, "a row is an object like {...}")
    return SourceRow(number, clean_json(value))


def _json_list(text: io.TextIOWrapper) -> Iterator[SourceRow | BadRow]:
    try:
        value = json.load(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(f"no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    if not isinstance(value, list):
        raise UnreadableFile("a JSON dataset is a list of objects, [{...}, {...}]")
    for number, row in enumerate(value, start=1):
        yield _object_row(number, row)
