"""Rows of JSON and JSON Lines files."""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from experiments.cleaning import clean_json
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


def json_list(text: str) -> Iterator[SourceRow | BadRow]:
    """Yield a row for each object of the one list that a text holds. Raises UnreadableFile for anything else."""
    index, line = _next(text, 0, 1)
    if index == len(text):
        raise UnreadableFile("the file is empty")
    if text[index] != "[":
        raise UnreadableFile(LIST_SENTENCE)
    index, line = _next(text, index + 1, line)
    while not text.startswith("]", index):
        end = _end(text, index, line)
        yield _parsed(line, text[index:end])
        index, line = _next(text, end, line + text.count("\n", index, end))
        if text.startswith(",", index):
            index, line = _next(text, index + 1, line)
        elif not text.startswith("]", index):
            raise UnreadableFile(f'no JSON: "," or "]" is expected in line {line}')
    index, line = _next(text, index + 1, line)
    if index < len(text):
        raise UnreadableFile(f"there is more behind the end of the list in line {line}")


def _next(text: str, index: int, line: int) -> tuple[int, int]:
    """Return the index of the next sign that is not blank, and its line."""
    rest = index
    while rest < len(text) and text[rest] in BLANKS:
        line += text[rest] == "\n"
        rest += 1
    return rest, line


def _end(text: str, index: int, line: int) -> int:
    """Return where the value at an index ends."""
    try:
        return LENIENT.raw_decode(text, index)[1]
    except json.JSONDecodeError as error:
        raise UnreadableFile(f"no JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise UnreadableFile(f"the value in line {line} is nested too deeply") from error


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
LENIENT = json.JSONDecoder(parse_int=str, strict=False)
