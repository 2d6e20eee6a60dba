"""Streamed answers of the Messages API: events become the message that they spell. Pure.

Source: the public reference of the Messages API, "Streaming".
"""

from collections.abc import Mapping
from typing import Any

from experiments.cleaning import parse_json
from runs.exchange import Completion
from runs.runners.answers import chunk_of, invalid, joined
from runs.runners.anthropic_messages import completion_of
from runs.runners.event_stream import Event

DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
"""The field that each sort of delta brings; others (signatures, citations) bring nothing that is kept."""


class MessageStream:
    """Puts a completion together from the events of its stream."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._usage: dict[str, Any] = {}
        self._end: dict[str, Any] = {}
        self._is_there = False
        self.is_begun = False
        """Whether anything of the answer has come: text, thinking, a call of a tool."""
        self.is_ended = False
        """Whether the sender has said that this was all."""

    def take(self, event: Event) -> None:
        """Read one event. Raises CallFailed(invalid_output)."""
        chunk = chunk_of(event)
        match chunk.get("type"):
            case "content_block_delta":
                self.is_begun |= self._block(chunk).add(_object_in(chunk, "delta"))
            case "content_block_start":
                self.is_begun |= self._block(chunk).begin(_object_in(chunk, "content_block"))
            case "message_start":
                self._is_there = True
                self._count(_object_in(chunk, "message"))
            case "message_delta":
                self._end |= _object_in(chunk, "delta")
                self._count(chunk)
            case "message_stop":
                self.is_ended = True

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        return self._completion() if self.is_begun else None

    def whole(self) -> Completion:
        """Return the answer at the end of the stream. Raises CallFailed(invalid_output) when it broke off before."""
        if not self._is_there and not self._blocks:
            raise invalid("the answer holds no content")
        if not self.is_ended and not self._end.get("stop_reason"):
            raise invalid("the stream ended before the answer did")
        return self._completion()

    def _block(self, chunk: Mapping[str, Any]) -> "_Block":
        index = chunk.get("index")
        number = index if isinstance(index, int) else 0
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = _Block()
        return block

    def _count(self, holder: Mapping[str, Any]) -> None:
        """Take what is said of the usage: what comes later goes before what came at the start."""
        self._usage |= {name: value for name, value in _object_in(holder, "usage").items() if value is not None}

    def _completion(self) -> Completion:
        content = [self._blocks[number].as_json() for number in sorted(self._blocks)]
        return completion_of({**self._end, "content": content, "usage": self._usage})


class _Block:
    """One block of the content, from its deltas."""

    __slots__ = ("_head", "_pieces")

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._pieces: list[str] = []

    def begin(self, head: dict[str, Any]) -> bool:
        """Take what a block begins with; return whether that is more than its kind."""
        self._head = head
        return bool(head.get("text") or head.get("thinking") or head.get("type") == "tool_use")

    def add(self, delta: Mapping[str, Any]) -> bool:
        """Take what a delta adds; return whether it adds anything."""
        piece = delta.get(DELTAS.get(str(delta.get("type")), ""))
        if not isinstance(piece, str) or not piece:
            return False
        self._head.setdefault("type", str(delta["type"]).removesuffix("_delta"))
        self._pieces.append(piece)
        return True

    def as_json(self) -> dict[str, Any]:
        """Return the block as an answer that comes whole has it."""
        kind, written = str(self._head.get("type")), joined(self._pieces)
        if kind == "tool_use":
            return {**self._head, "input": _arguments_in(written) if written else self._head.get("input")}
        return {**self._head, kind: f"{self._head.get(kind) or ''}{written}"}


def _object_in(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _arguments_in(written: str) -> Any:
    """Return the arguments of a call; their text where it broke off."""
    try:
        return parse_json(written.encode())
    except ValueError:
        return written
