"""Reading the bodies of API calls: JSON that the database and our answers can hold, of bounded size."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from experiments.cleaning import clean_text, named_twice
from experiments.json_faults import placed_fault

LIMIT = 4 * 1024 * 1024
MOST_DIGITS = 4000
NAME_LENGTH = 200
TOO_LARGE = f"The body is larger than {LIMIT // 1024 // 1024} MiB: send less at once, and many items as a file."


class JsonBodyParser(BaseParser):
    """Parses an object or any other JSON value; NaN, infinities and text that cannot be stored are errors."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value. Raises ParseError with a sentence."""
        del media_type, parser_context  # JSON is UTF-8, whoever asks
        body = stream.read(LIMIT + 1)
        if len(body) > LIMIT:
            raise ParseError(TOO_LARGE)
        return parse_body(body)


def parse_body(body: bytes) -> Any:
    """Return a JSON value. Raises ParseError."""
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_int=_whole, object_pairs_hook=_object
        )
        _check(value)
    except UnicodeDecodeError:
        raise ParseError("The body is no text in UTF-8: encode it so.") from None
    except RecursionError:
        raise ParseError("The body is nested too deeply: write less within one another.") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"The body is no JSON that can be taken: {placed_fault(error)}") from None
    except ValueError as error:
        raise ParseError(f"The body is no JSON that can be taken: {error}") from None
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a whole number has {len(digits)} digits; {MOST_DIGITS} are read")
    return int(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        name = named_twice(name for name, _ in pairs) or ""
        raise ValueError(f'the key "{name[:NAME_LENGTH]}" is there twice')
    return entries


def _check(value: Any) -> None:
    """Raise ValueError for the first part of a value that cannot be stored."""
    if isinstance(value, str):
        if clean_text(value) != value:
            raise ValueError("a text holds NUL or half a surrogate pair, which no database takes")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number is too large")
    elif isinstance(value, dict):
        for name, part in value.items():
            _check(name)
            _check(part)
    elif isinstance(value, list):
        for part in value:
            _check(part)
