"""Cleaning what comes from outside: characters and numbers that a database or JSON cannot hold."""

import json
import math
from collections.abc import Iterable
from typing import Any

import orjson

NUL = "\x00"
WRITTEN_NUL = rb"\u0000"


def clean_text(text: str) -> str:
    """Return the text without NUL and lone surrogates; clean text comes back as it is."""
    if text.isascii():
        return text.replace(NUL, "") if NUL in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="replace").decode()
    return text.replace(NUL, "") if NUL in text else text


def named_twice(names: Iterable[str]) -> str | None:
    """Return the first name that was there before; None: each is there once. One look at each, however many."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def parse_json(data: bytes) -> Any:
    """Return a JSON value, also one with NaN, infinities or lone surrogates; to be cleaned. Raises ValueError."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def clean_json(value: Any) -> Any:
    """Return a JSON value with every text cleaned and NaN and infinities turned into None; nothing is shared with it.

    orjson writes NaN and infinities as null and refuses what only Python can write: most values are clean thereby.
    """
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return _clean_part(value)
    return _clean_part(value) if WRITTEN_NUL in written else orjson.loads(written)


def _clean_part(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean_text(str(name)): _clean_part(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean_part(part) for part in value]
    return value
