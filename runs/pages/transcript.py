"""Transcripts as pages show them: what was said, by whom, in which call, and what else was answered beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Any

import orjson

from experiments.media import ADDRESS, TYPES
from experiments.media_store import bytes_of
from runs.exchange import Message
from runs.models import Result
from runs.transcripts import messages_of, text_of

MOST_SHOWN = 100_000


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model asked for."""

    name: str
    call_id: str
    arguments: str
    """Indented where they are JSON, else as they came."""


@dataclass(frozen=True)
class Medium:
    """An image, audio or file that was sent."""

    kind: str
    number: int
    """Its place among the media of the transcript, from 0."""
    address: str
    """Where the provider fetched it; "": the site has its bytes."""


@dataclass(frozen=True)
class Said:
    """One message of the transcript, as a page shows it."""

    role: str
    text: str
    reasoning: str = ""
    """What the model wrote before its answer, where the provider shows it."""
    call: dict[str, Any] = field(default_factory=dict)
    """provider, purpose, usage and times of the call that made it; {} where none did."""
    tool_calls: tuple[ToolCall, ...] = ()
    other_choices: "tuple[Said, ...]" = ()
    """What was answered beside it."""
    outcome: str = ""
    """Of another choice that is not ok: refused or truncated."""
    is_partial: bool = False
    """Whether it broke off."""
    media: tuple[Medium, ...] = ()


def said_of(messages: Iterable[Message]) -> list[Said]:
    """Return the messages of a transcript as a page shows them."""
    numbers = count()
    return [_said(message, numbers) for message in messages]


def medium_of(result: Result, number: int) -> tuple[str, bytes] | None:
    """Return (media type, bytes) of a medium of the transcript; None: there is none, or it is an address."""
    media = (part for message in messages_of(result) for part in _media_in(message))
    part = next(islice(media, number, None), None)
    try:
        return None if part is None else bytes_of(part)
    except FileNotFoundError:
        return None


def _media_in(message: Message) -> list[dict[str, Any]]:
    return [part for part in message.get("parts", ()) if part.get("type") in TYPES]


def _said(message: Message, numbers: Iterator[int]) -> Said:
    return Said(
        role=message.get("role", ""),
        text=text_of(message)[:MOST_SHOWN],
        reasoning=str(message.get("reasoning") or "")[:MOST_SHOWN],
        call=message.get("call") or {},
        tool_calls=tuple(_tool_call(call) for call in message.get("tool_calls") or ()),
        other_choices=tuple(
            replace(_said(choice, count()), role=f"choice {number}")
            for number, choice in enumerate(message.get("other_choices") or (), start=2)
        ),
        outcome=message.get("outcome", ""),
        is_partial=bool(message.get("partial")),
        media=tuple(_medium(part, next(numbers)) for part in _media_in(message)),
    )


def _medium(part: dict[str, Any], number: int) -> Medium:
    url = str(part.get("url") or "")
    return Medium(part["type"], number, url if ADDRESS.fullmatch(url) else "")


def _tool_call(call: dict[str, Any]) -> ToolCall:
    arguments = call.get("arguments")
    shown = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return ToolCall(str(call.get("name") or ""), str(call.get("id") or ""), _indented(shown)[:MOST_SHOWN])


def _indented(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        return text
