"""Media in the blob store: what is large is kept once, by its SHA-256, and put back where it is needed."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.blobs import default_store
from experiments.media import TYPES, data_uri, split_data_uri

APART_ABOVE_BYTES = 64 * 1024


def part_of_bytes(kind: str, media_type: str, data: bytes) -> dict[str, Any]:
    """Return the part that holds these bytes: in itself, or above 64 KiB in the blob store."""
    if len(data) > APART_ABOVE_BYTES:
        return {"type": kind, "blob": default_store().put(data), "media_type": media_type}
    return {"type": kind, "url": data_uri(media_type, data)}


def media_apart(messages: Iterable[Mapping[str, Any]], field: str = "parts") -> list[dict[str, Any]]:
    """Return messages with their large media in the blob store; `field` is where they have their parts."""
    return [_with_parts(message, field, _apart) for message in messages]


def media_loaded(messages: Iterable[Mapping[str, Any]], field: str = "parts") -> list[dict[str, Any]]:
    """Return messages with the media of the blob store put back; `field` is where they have their parts.

    Raises FileNotFoundError for a blob that is not there.
    """
    return [_with_parts(message, field, _loaded) for message in messages]


def bytes_of(part: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Return (media type, bytes) of a medium; None: it is an address, or no medium."""
    if part.get("type") not in TYPES:
        return None
    if "blob" in part:
        with default_store().open(part["blob"]) as file:
            return part["media_type"], file.read()
    found = split_data_uri(str(part.get("url")), part["type"])
    return found and (found[0], base64.b64decode(found[1]))


def _with_parts(message: Mapping[str, Any], field: str, change: Any) -> dict[str, Any]:
    parts = message.get(field)
    if not isinstance(parts, list) or all(part.get("type") not in TYPES for part in parts):
        return dict(message)
    return {**message, field: [change(part) for part in parts]}


def _apart(part: dict[str, Any]) -> dict[str, Any]:
    found = bytes_of(part) if "url" in part else None
    return part_of_bytes(part["type"], *found) if found else part


def _loaded(part: dict[str, Any]) -> dict[str, Any]:
    found = bytes_of(part) if "blob" in part else None
    return {"type": part["type"], "url": data_uri(*found)} if found else part
