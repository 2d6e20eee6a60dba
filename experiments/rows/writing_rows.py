"""Writing items as data files, a line at a time: JSON Lines, which keeps every type, and CSV."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from experiments.rows.new_items import text_of

Content = Mapping[str, Any]
Cells = dict[str, str]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
SPREADSHEET_MARK = "'"
TAG_SEPARATOR = "|"


def jsonl_lines(contents: Iterable[Content]) -> Iterator[str]:
    """Yield one JSON object a line; reading them again gives equal items."""
    for content in contents:
        yield json.dumps(content, ensure_ascii=False) + "\n"


def csv_lines(
    telling: Iterable[Content], contents: Iterable[Content], *, is_for_spreadsheets: bool = False
) -> Iterator[str]:
    """Yield the header and a record for each item; `telling` are, in their order, those that have all the columns.

    `is_for_spreadsheets` puts an apostrophe before cells that a spreadsheet would take for formulas.
    """
    columns: dict[str, None] = {}
    for content in telling:
        columns |= dict.fromkeys(_cells(content))
    yield csv_record(columns, is_for_spreadsheets=is_for_spreadsheets)
    for content in contents:
        cells = _cells(content)
        yield csv_record([cells.get(column, "") for column in columns], is_for_spreadsheets=is_for_spreadsheets)


def _cells(content: Content) -> Cells:
    """Return an item as texts by column: variables as input.NAME, metadata as metadata.NAME."""
    return {
        "key": content["key"],
        **_parts("input", content["input"]),
        "expected": text_of(content["expected"]),
        **_parts("metadata", content["metadata"]),
        "tags": TAG_SEPARATOR.join(content["tags"]),
        "split": content["split"],
    }


def _parts(name: str, value: Any) -> Cells:
    if isinstance(value, Mapping):
        return {f"{name}.{part}": text_of(inner) for part, inner in value.items()}
    return {name: text_of(value)}


def csv_record(cells: Iterable[str], *, is_for_spreadsheets: bool = False) -> str:
    """Return one record of a CSV file, with the end of its line."""
    writer = csv.writer(_Given())
    record: str = writer.writerow([_harmless(cell) for cell in cells] if is_for_spreadsheets else cells)
    return record


class _Given:
    """A file that gives back what is written into it, so that `writerow` returns the record."""

    def write(self, text: str) -> str:
        return text


def _harmless(cell: str) -> str:
    return SPREADSHEET_MARK + cell if cell.startswith(FORMULA_STARTS) else cell
