"""Canonical JSON and the hashes that identify configurations, items and the contents of dataset versions.

**Source**: RFC 8785, JSON Canonicalization Scheme.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import rfc8785

EXACT_INTEGER = 2**53 - 1
ITEM_KEY_LENGTH = 16


def canonical_json(value: Any) -> bytes:
    """Return the canonical JSON of a value of JSON types, as UTF-8.

    Whole numbers beyond 2^53 - 1, which RFC 8785 cannot tell apart, are written as the text of their digits.
    Raises ValueError for NaN, infinities and lone surrogates.
    """
    if _is_plain(value):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    try:
        return bytes(rfc8785.dumps(value))
    except rfc8785.IntegerDomainError:
        return bytes(rfc8785.dumps(_with_exact_numbers(value)))


def digest_of(value: Any) -> str:
    """Return the identity of a value of JSON types: the SHA-256 of its canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def config_hash(
    *,
    kind: str,
    base_url: str,
    model: str,
    messages: Sequence[Mapping[str, Any]],
    params: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return the identity of a configuration: 64 hexadecimal digits.

    `base_url` as given but for slashes at its end; `options` are those of the provider that are
    measured too. What is absent or None is omitted. Names, keys, limits, prices and timeouts are not part of it.
    """
    parts = {
        "kind": kind,
        "base_url": base_url.rstrip("/"),
        "model": model,
        "messages": [dict(message) for message in messages],
        "params": {name: value for name, value in params.items() if value is not None},
        "options": dict(options or {}),
    }
    return digest_of({name: part for name, part in parts.items() if part})


def content_hash(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the identity of a dataset version: 64 hexadecimal digits over its items in the order of their positions.

    Each row holds key, input, expected, metadata, tags and split by name; they are read one by one. The same rows in
    another order are another version.
    """
    digest = ContentDigest()
    for row in rows:
        digest.add(row)
    return digest.hexdigest()


class ContentDigest:
    """The content hash of rows that come one by one."""

    def __init__(self) -> None:
        self._all = hashlib.sha256()

    def add(self, row: Mapping[str, Any]) -> bytes:
        """Take a row in and return what identifies it alone: 32 bytes."""
        line = canonical_json(dict(row))
        self._all.update(line)
        self._all.update(b"\n")
        return hashlib.sha256(line).digest()

    def hexdigest(self) -> str:
        """Return the content hash of the rows so far."""
        return self._all.hexdigest()


def row_digest(row: Mapping[str, Any]) -> bytes:
    """Return what identifies the content of one row: 32 bytes."""
    return hashlib.sha256(canonical_json(dict(row))).digest()


def item_key(input: Any) -> str:  # noqa: A002 - the item's own word
    """Return the key of an item that was given none: 16 hexadecimal digits of its input's hash."""
    return digest_of(input)[:ITEM_KEY_LENGTH]


def _is_plain(value: Any) -> bool:
    """Return whether orjson writes a value canonically, which is many times faster: no doubles, names in ASCII."""
    kind = type(value)
    if kind is str:
        return value.isascii() or _is_sound(value)
    if kind is dict:
        return all(map(_is_plain_name, value)) and all(map(_is_plain, value.values()))
    if kind is list:
        return all(map(_is_plain, value))
    return value is None or kind is bool or (kind is int and -EXACT_INTEGER <= value <= EXACT_INTEGER)


def _is_plain_name(name: Any) -> bool:
    return type(name) is str and name.isascii()


def _is_sound(text: str) -> bool:
    """Return whether a text has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_exact_numbers(value: Any) -> Any:
    """Return the value with numbers that a double cannot hold written as text."""
    if isinstance(value, Mapping):
        return {name: _with_exact_numbers(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_exact_numbers(part) for part in value]
    is_inexact = isinstance(value, int) and abs(value) > EXACT_INTEGER
    return str(value) if is_inexact else value
