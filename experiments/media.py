"""Images, audio and files in messages: which there are, what may stand for one, and their data URIs. Pure functions.

A part of a message is {"type": "text", "text"}, or {"type": "image", "audio" or "file"} with `url` (an address or a
data URI), or with `blob` and `media_type`: bytes that the blob store keeps.

Source: RFC 2397, the data URL scheme.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

TYPES: Mapping[str, Mapping[str, str]] = {
    "image": {
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".gif": "image/gif",
        ".webp": "image/webp",
    },
    "audio": {".wav": "audio/wav", ".mp3": "audio/mpeg"},
    "file": {".pdf": "application/pdf"},
}
"""Kind of medium -> ending of a file -> media type."""
BY_ADDRESS = ("image",)
"""The kinds that a provider may fetch itself."""
DATA_URI = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+={0,2})")
LONG_DATA = re.compile(r"data:([a-z]+/[a-z0-9.+-]+);base64,[A-Za-z0-9+/]{40,}={0,2}")
ADDRESS = re.compile(r"https?://\S+")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
SHA_256 = re.compile(r"[0-9a-f]{64}")
SHOWN = 40
KINDS_SENTENCE = f"a part is a text, or has a type: text, {', '.join(TYPES)}"


class BadPart(ValueError):
    """A part of a message that cannot be used; the text is a sentence for people."""


def checked_part(raw: Any) -> dict[str, Any]:
    """Return a part of a prompt in its one form; a text is short for a part of text. Raises BadPart.

    Text and `url` are templates; `from: name` is short for the URL that an item's variable holds.
    """
    if isinstance(raw, str):
        raw = {"type": "text", "text": raw}
    if not isinstance(raw, Mapping) or raw.get("type") not in ("text", *TYPES):
        raise BadPart(KINDS_SENTENCE)
    kind = raw["type"]
    if kind == "text":
        return {"type": kind, "text": _only_text(raw, "text")}
    if "blob" in raw:
        return _kept(raw)
    if "from" in raw:
        name = _only_text(raw, "from").strip()
        if not NAME.fullmatch(name):
            raise BadPart(f'"{name[:SHOWN]}" is no name of a variable: write from: picture')
        return {"type": kind, "url": f"{{{{ {name} }}}}"}
    return {"type": kind, "url": _only_text(raw, "url").strip()}


def _only_text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if set(raw) != {"type", key} or not isinstance(value, str) or not value.strip():
        wanted = "text" if raw["type"] == "text" else "one of url, from and file"
        raise BadPart(f"a part of type {raw['type']} has {wanted}, nothing else")
    return value


def _kept(raw: Mapping[str, Any]) -> dict[str, Any]:
    if set(raw) != {"type", "blob", "media_type"} or not SHA_256.fullmatch(str(raw["blob"])):
        raise BadPart(f"a part of type {raw['type']} has blob (a SHA-256) and media_type, nothing else")
    if raw["media_type"] not in TYPES[raw["type"]].values():
        raise BadPart(f"{str(raw['media_type'])[:SHOWN]!r} is none of {_known(raw['type'])}")
    return dict(raw)


def medium(kind: str, url: str) -> dict[str, Any]:
    """Return the part that an address or a data URI makes. Raises BadPart for what is neither."""
    url = url.strip()
    is_data = split_data_uri(url, kind) is not None
    if is_data or (kind in BY_ADDRESS and ADDRESS.fullmatch(url)):
        return {"type": kind, "url": url}
    shown = url if len(url) <= SHOWN else f"{url[:SHOWN]}…"
    address = "an address (https://…) or " if kind in BY_ADDRESS else ""
    raise BadPart(f'"{shown}" stands for no {kind}: give {address}a data URI of {_known(kind)}')


def split_data_uri(url: str, kind: str) -> tuple[str, str] | None:
    """Return (media type, base64) of a data URI of this kind; None: it is none."""
    found = DATA_URI.fullmatch(url) if url.startswith("data:") else None
    if found is None or found[1] not in TYPES[kind].values() or len(found[2]) % 4:
        return None
    return found[1], found[2]


def data_uri(media_type: str, data: bytes) -> str:
    """Return bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def images_in(value: Any) -> list[str]:
    """Return the images that an item's input holds as data URIs, in the order of its variables."""
    values = value.values() if isinstance(value, Mapping) else [value]
    return [one for one in values if isinstance(one, str) and split_data_uri(one, "image")]


def without_data(text: str) -> str:
    """Return a text for people, data URIs in it named by their media types only."""
    return LONG_DATA.sub(r"[\1]", text)


def _known(kind: str) -> str:
    return ", ".join(dict.fromkeys(TYPES[kind].values()))
