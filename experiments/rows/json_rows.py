"""Rows of JSON and JSON Lines files."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TextIO

from experiments.cleaning import clean_json, named_twice
from experiments.json_faults import fault_of
from experiments.rows.json_window import JsonWindow
from experiments.rows.new_items import BadRow
from experiments.rows.source_rows import EMPTY, SourceRow, UnreadableFile

LONGEST_INTEGER = 18
BLANKS = " \t\r\n"
LIST_SENTENCE = "a JSON dataset is a list of objects, [{...}, {...}]; one object a line is JSON Lines: name it .jsonl"


class _NotData(ValueError):
    """JSON that Python reads and a database does not hold."""


def json_lines(lines: Iterable[str]) -> Iterator[SourceRow | BadRow]:
    """Yield a row for each line that holds anything; a comma at its end is left out.

    Values keep their JSON types. Raises UnreadableFile for an empty file, and for a JSON list.
    """
    is_empty = True
    for number, line in enumerate(lines, start=1):
        text = line.strip(BLANKS).removesuffix(",")
        if not text:
            continue
        if is_empty and text.startswith("["):
            raise UnreadableFile("this is a JSON list, not JSON Lines: name it .json, or write format: json")
        is_empty = False
        yield _parsed(text, number)
    if is_empty:
        raise UnreadableFile(EMPTY)


def json_list(stream: TextIO) -> Iterator[SourceRow | BadRow]:
    """Yield a row for each object of the one list that a text holds. Raises UnreadableFile for anything else."""
    window = JsonWindow(stream)
    if not window.sign():
        raise UnreadableFile(EMPTY)
    if not window.take("["):
        raise UnreadableFile(LIST_SENTENCE)
    last, number = 0, 0
    while window.sign() != "]":
        line, text, number = window.line, window.value(), number + 1
        if not window.take(",") and window.sign() != "]":
            raise UnreadableFile(f'no JSON: "," or "]" is expected in line {window.line}')
        is_alone = line != last and (window.sign() == "]" or window.line != line)
        yield _parsed(text, line, 0 if is_alone else number)
        last = line
    window.take("]")
    if window.sign():
        raise UnreadableFile(f"there is more behind the end of the list in line {window.line}")


def _parsed(text: str, line: int, number: int = 0) -> SourceRow | BadRow:
    row = SourceRow(line, {}, is_typed=True, number=number)
    try:
        value = STRICT.decode(text)
    except json.JSONDecodeError as error:
        return row.bad(f"no JSON: {fault_of(error)} at column {error.colno}")
    except RecursionError:
        return row.bad("the values are nested too deeply")
    except _NotData as problem:
        return row.bad(str(problem))
    if not isinstance(value, dict):
        return row.bad("a row is an object, {...}")
    return replace(row, values=clean_json(value))


def _constant(name: str) -> Any:
    raise _NotData(f"{name} is no number of JSON")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NotData(f"{text} is too large a number")
    return number


def _integer(text: str) -> int | str:
    """Return a whole number; one that 64 bits cannot hold stays the text of its digits."""
    return int(text) if len(text) <= LONGEST_INTEGER else text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _NotData(f'the name "{named_twice(name for name, _ in pairs)}" is there twice')
    return values


STRICT = json.JSONDecoder(
    parse_constant=_constant, parse_float=_number, parse_int=_integer, object_pairs_hook=_object, strict=False
)
