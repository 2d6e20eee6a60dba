"""Streamed answers of the Gemini API: each event is an answer of its own that goes on with the last. Pure.

Source: the public reference of the Gemini API, streamGenerateContent with alt=sse.
"""

from collections.abc import Mapping
from typing import Any

from runs.exchange import Completion
from runs.runners.answers import chunk_of, invalid
from runs.runners.event_stream import Event
from runs.runners.gemini_content import completion_of


class ContentStream:
    """Puts a completion together from the events of its stream."""

    is_ended = False
    """The sender says nothing when all has come: the body ends."""

    def __init__(self) -> None:
        self._parts: dict[int, list[dict[str, Any]]] = {}
        self._ends: dict[int, dict[str, Any]] = {}
        self._head: dict[str, Any] = {}
        self.is_begun = False
        """Whether anything of the answer has come: text, thoughts, a call of a function."""

    def take(self, event: Event) -> None:
        """Read one event. Raises CallFailed(invalid_output)."""
        chunk = chunk_of(event)
        self._head |= {name: chunk[name] for name in ("promptFeedback", "usageMetadata") if chunk.get(name)}
        for candidate in chunk.get("candidates") or ():
            if isinstance(candidate, dict):
                self._add(candidate)

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        return self._completion(ends={}) if self.is_begun else None

    def whole(self) -> Completion:
        """Return the answer at the end of the stream. Raises CallFailed(invalid_output) when it broke off before."""
        if any(number not in self._ends for number in self._parts):
            raise invalid("the stream ended before the answer did")
        return self._completion(self._ends)

    def _add(self, candidate: Mapping[str, Any]) -> None:
        index = candidate.get("index")
        number = index if isinstance(index, int) else 0
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        added = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        self._parts.setdefault(number, []).extend(added)
        self.is_begun |= any(part.get("text") or part.get("functionCall") for part in added)
        if candidate.get("finishReason"):
            self._ends[number] = {name: candidate.get(name) for name in ("finishReason", "finishMessage")}

    def _completion(self, ends: Mapping[int, dict[str, Any]]) -> Completion:
        candidates = [
            {"content": {"parts": self._parts[number]}, **ends.get(number, {})} for number in sorted(self._parts)
        ]
        return completion_of({**self._head, "candidates": candidates})
