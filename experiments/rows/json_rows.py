"""Rows of JSON and JSON Lines files."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from experiments.cleaning import clean_json
from experiments.rows.json_window import JsonWindow
from experiments.rows.new_items import BadRow
from experiments.rows.source_rows import SourceRow, UnreadableFile

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
        yield _parsed(number, text)
    if is_empty:
        raise UnreadableFile("the file is empty")


def json_list(stream: TextIO) -> Iterator[SourceRow | BadRow]:
    """Yield a row for each object of the one list that a text holds. Raises UnreadableFile for anything else."""
    window = JsonWindow(stream)
    if not window.sign():
        raise UnreadableFile("the file is empty")
    if not window.take("["):
        raise UnreadableFile(LIST_SENTENCE)
    while window.sign() != "]":
        line = window.line
        yield _parsed(line, window.value())
        if not window.take(",") and window.sign() != "]":
            raise UnreadableFile(f'no JSON: "," or "]" is expected in line {window.line}')
    window.take("]")
    if window.sign():
        raise UnreadableFile(f"there is more behind the end of the list in line {window.line}")


def _parsed(line: int, text: str) -> SourceRow | BadRow:
    try:
        value = STRICT.decode(text)
    except json.JSONDecodeError as error:
        return BadRow(line, f"no JSON: {error.msg} at column {error.colno}")
    except RecursionError:
        return BadRow(line, "the values are nested too deeply")
    except _NotData as problem:
        return BadRow(line, str(problem))
    if not isinstance(value, dict):
        return BadRow(line, "a row is an object, {...}")
    return SourceRow(line, clean_json(value), is_typed=True)


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
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotData(f'the name "{twice}" is there twice')
    return values


STRICT = json.JSONDecoder(
    parse_constant=_constant, parse_float=_number, parse_int=_integer, object_pairs_hook=_object, strict=False
)
