"""Canonical JSON and the hashes that identify things: the same content gives the same hash everywhere.

Source: RFC 8785, JSON Canonicalization Scheme.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rfc8785

KEY_LENGTH = 16


def digest_of(value: Any) -> str:
    """Return the SHA-256, in hex, of a JSON value's canonical form."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def config_hash(
    *, kind: str, base_url: str, model: str, messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any]
) -> str:
    """Return the identity of a candidate: provider kind, base URL, model, messages, parameters; nothing else."""
    return digest_of(
        {
            "kind": kind,
            "base_url": base_url.rstrip("/"),
            "model": model,
            "messages": [dict(message) for message in messages],
            "params": {name: value for name, value in params.items() if value is not None},
        }
    )


def content_hash(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the hash of a dataset version: key, input, expected, metadata, tags and split of each item, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(rfc8785.dumps(dict(row)))
        digest.update(b"\n")
    return digest.hexdigest()


def item_key(given: Any) -> str:
    """Return the key of an item that names none: 16 hex digits of its input's hash."""
    return digest_of(given)[:KEY_LENGTH]
