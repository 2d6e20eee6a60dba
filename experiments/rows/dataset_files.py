"""Reading dataset files: CSV, TSV, JSON and JSON Lines, each also compressed, a row at a time."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from experiments.rows.json_rows import json_lines, json_list
from experiments.rows.new_items import BadRow
from experiments.rows.source_rows import SourceRow, UnreadableFile
from experiments.rows.table_rows import table_rows

__all__ = ["FORMATS", "TABLES", "SourceRow", "UnreadableFile", "format_of", "read_rows"]

FORMATS = ("csv", "tsv", "json", "jsonl")
TABLES = ("csv", "tsv")
SPREADSHEETS = ("xlsx", "xls", "xlsm", "ods", "numbers")
GZIPPED = b"\x1f\x8b"
FOREIGN = {
    b"PK\x03\x04": "a zip or a spreadsheet",
    b"PK\x05\x06": "a zip or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
}
BY_LINES = ("utf-8-sig", "cp1252")
"""Encodings in which the sign of a new line is no part of another."""
READ_AT_ONCE = 1024 * 1024
BOMB_RATIO = 200
BOMB_FLOOR = 256 * 1024 * 1024


def format_of(name: str) -> str:
    """Return the format that a file's name says, `.gz` aside. Raises UnreadableFile for an unknown one."""
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending not in FORMATS:
        known = f"its name ends in none of .{', .'.join(FORMATS)} (each also .gz)"
        raise UnreadableFile(f"{known}: {'export it as CSV' if ending in SPREADSHEETS else 'rename it'}")
    return ending


def bare_name(name: str) -> str:
    """Return a file's name without what its ending says of its format: capitals of capitals.csv.gz."""
    bare, ending = name, format_of(name)
    for part in (".gz", f".{ending}"):
        bare = bare[: -len(part)] if bare.lower().endswith(part) else bare
    return bare


def read_rows(path: Path, file_format: str | None = None) -> Iterator[SourceRow | BadRow]:
    """Yield the rows of a file, one at a time. Raises UnreadableFile for what is no such file at all.

    Texts come without NUL and lone surrogates; values of CSV and TSV are texts, those of JSON keep their types.
    """
    kind = file_format or format_of(path.name)
    with _opened(path) as stream:
        encoding = _encoding_of(stream)
    with _opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            yield from _rows(text, kind)
        except UnicodeDecodeError as error:
            raise UnreadableFile(_no_text(path, encoding)) from error


def _no_text(path: Path, encoding: str) -> str:
    """Return the sentence about a file that is not in its encoding, with the first line that is not."""
    name = _name_of(encoding)
    with _opened(path) as stream:
        for number, line in enumerate(stream if encoding in BY_LINES else (), start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return f"line {number} is no text in {name}: save the file as UTF-8"
    return f"the file is no text in {name}: save it as UTF-8"


def _rows(text: io.TextIOWrapper, kind: str) -> Iterator[SourceRow | BadRow]:
    if kind == "json":
        return json_list(text)
    if kind == "jsonl":
        return json_lines(text)
    return table_rows(text, delimiter="\t" if kind == "tsv" else "")


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, unpacked where it is packed. Raises UnreadableFile for what is no text at all."""
    with ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        if raw.peek(2).startswith(GZIPPED):
            packed = stack.enter_context(gzip.GzipFile(fileobj=raw))
            bounded = _Bounded(packed, path.stat().st_size)
            raw = stack.enter_context(io.BufferedReader(bounded, READ_AT_ONCE))
        start = raw.peek(512)
        foreign = next((what for magic, what in FOREIGN.items() if start.startswith(magic)), None)
        if start[257:262] == b"ustar":
            foreign = "a tar archive"
        if foreign:
            raise UnreadableFile(f"this is {foreign}, whatever its name: export it as CSV")
        yield raw


class _Bounded(io.RawIOBase):
    """A decompressed stream that ends when it is out of all proportion to its file."""

    def __init__(self, stream: gzip.GzipFile, packed: int) -> None:
        self._stream, self._left = stream, max(BOMB_FLOOR, packed * BOMB_RATIO)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"the packed file is broken: {error}") from error
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableFile(f"it unpacks to more than {BOMB_RATIO} times its size: unpack it first if it is meant")
        buffer[: len(data)] = data
        return len(data)


def _encoding_of(stream: IO[bytes]) -> str:
    """Return the encoding of a whole stream: UTF-16 by its marks, UTF-8 where it is that, else Windows-1252."""
    chunk = stream.read(READ_AT_ONCE)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", chunk[1:400:2]), ("utf-16-be", chunk[0:400:2])):
        if zeros.count(0) > len(zeros) / 2:
            return encoding
    decoder, is_ascii = codecs.getincrementaldecoder("utf-8-sig")(), True
    try:
        while chunk:
            is_ascii = decoder.decode(chunk).isascii() and is_ascii
            chunk = stream.read(READ_AT_ONCE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # Letters that are UTF-8 before the first byte that is not: a broken file, not one of Windows.
        is_windows = is_ascii and error.object[: error.start].isascii()
        return "cp1252" if is_windows else "utf-8-sig"
    return "utf-8-sig"


def _name_of(encoding: str) -> str:
    return "Windows-1252" if encoding == "cp1252" else encoding.removesuffix("-sig").upper()
