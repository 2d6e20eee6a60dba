"""Transcripts as pages show them: what was said, by whom, in which call, and what else was answered beside it."""

from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from runs.exchange import Message
from runs.transcripts import text_of

MOST_SHOWN = 100_000


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model asked for."""

    name: str
    call_id: str
    arguments: str
    """Indented where they are JSON, else as they came."""


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


def said_in(message: Message) -> Said:
    """Return a message as a page shows it."""
    return Said(
        role=message.get("role", ""),
        text=text_of(message)[:MOST_SHOWN],
        reasoning=str(message.get("reasoning") or "")[:MOST_SHOWN],
        call=message.get("call") or {},
        tool_calls=tuple(_tool_call(call) for call in message.get("tool_calls") or ()),
        other_choices=tuple(
            replace(said_in(choice), role=f"choice {number}")
            for number, choice in enumerate(message.get("other_choices") or (), start=2)
        ),
        outcome=message.get("outcome", ""),
        is_partial=bool(message.get("partial")),
    )


def _tool_call(call: dict[str, Any]) -> ToolCall:
    arguments = call.get("arguments")
    shown = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return ToolCall(str(call.get("name") or ""), str(call.get("id") or ""), _indented(shown)[:MOST_SHOWN])


def _indented(text: str) -> str:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        return text
