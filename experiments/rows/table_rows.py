"""Rows of CSV and TSV files."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from experiments.cleaning import clean_text, named_twice
from experiments.rows.new_items import BadRow
from experiments.rows.source_rows import EMPTY, SourceRow, UnreadableFile
from experiments.wording import counted

DELIMITERS = ",;\t"
LINE_BREAKS = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]\s*")
"""Within a column's name one stands for a space: tables break long names, and templates cannot name such a one."""
JSON_STARTS = ('{"', "[{", "[[")
UNCLOSED = "a quote opens here that is not closed before the file ends"
_AT_END = "unexpected end of data"  # what Python's reader says of it


def table_rows(lines: Iterable[str], *, delimiter: str = "") -> Iterator[SourceRow | BadRow]:
    """Yield the rows below the line of column names; without a delimiter the one that this line shows most often.

    Every value is a text. Raises UnreadableFile where there are no usable column names.
    """
    csv.field_size_limit(sys.maxsize)
    rest = (line.replace("\x00", "") for line in lines)
    skipped, first = next(((number, line) for number, line in enumerate(rest) if line.strip()), (0, ""))
    if not first:
        raise UnreadableFile(EMPTY)
    if _is_json(first):
        raise UnreadableFile("this is JSON, not a table: name it .json, or .jsonl when each line is an object")
    reader = csv.reader(chain([first], rest), delimiter=delimiter or _delimiter(first), strict=True)
    line = skipped + 1
    header: list[str] | None = None
    while True:
        try:
            cells = next(reader, None)
            row = None if cells is None or header is None else _row(line, header, cells)
        except csv.Error as error:
            cells, row = [], BadRow(line, UNCLOSED if str(error) == _AT_END else f"a quote is amiss: {error}")
        if cells is None:
            return
        if header is None:
            header = _header(cells, row)
        elif row is not None:
            yield row
        line = skipped + reader.line_num + 1


def _is_json(first: str) -> bool:
    """Return whether a file whose first line this is holds JSON."""
    text = "".join(first.split())
    return text in ("[", "{") or text.startswith(JSON_STARTS)


def _delimiter(header: str) -> str:
    """Return the separator that the column names show most often outside quotes."""
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _header(cells: Sequence[str], wrong: SourceRow | BadRow | None) -> list[str]:
    if isinstance(wrong, BadRow):
        raise UnreadableFile(f"the line of column names cannot be read: {wrong.reason}")
    names = [LINE_BREAKS.sub(" ", clean_text(cell).strip()) for cell in cells]
    twice = named_twice(name for name in names if name)
    if twice is not None:
        raise UnreadableFile(f'the column "{twice}" is there twice: rename one')
    if not any(names):
        raise UnreadableFile("the first line holds no column names")
    return names


def _row(line: int, header: Sequence[str], cells: Sequence[str]) -> SourceRow | BadRow | None:
    """Return a row; None: a blank line."""
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(header):
        return BadRow(
            line, f"{counted(len(cells), 'cell')} where the first line names {counted(len(header), 'column')}"
        )
    unnamed = [cell for name, cell in zip(header, cells, strict=True) if not name and cell.strip()]
    if unnamed:
        return BadRow(line, f'"{unnamed[0][:40]}" stands under no column name')
    return SourceRow(line, {name: clean_text(cell) for name, cell in zip(header, cells, strict=True) if name})
