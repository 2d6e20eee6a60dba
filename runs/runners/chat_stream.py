"""Streamed chat completions: chunks become the completion that they spell. Pure.

Source: the public reference of the Chat Completions API, "Streaming".
"""

from collections.abc import Mapping
from typing import Any

import orjson

from runs.exchange import Completion
from runs.runners.answers import chunk_of, invalid, joined
from runs.runners.chat_completions import completion_of, text_of_content
from runs.runners.event_stream import Event

DONE = b"[DONE]"


class ChatStream:
    """Puts a completion together from the events of its stream."""

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
        self._usage: Any = None
        self.is_begun = False
        """Whether anything of the answer has come: text, reasoning, a refusal, a call of a tool."""
        self.is_ended = False
        """Whether the sender has said that this was all."""

    def take(self, event: Event) -> None:
        """Read one event. Raises CallFailed(invalid_output)."""
        if event.data == DONE:
            self.is_ended = True
            return
        chunk = chunk_of(event)
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        for part in chunk.get("choices") or ():
            if isinstance(part, dict):
                self.is_begun |= self._choice(part.get("index")).add(part)

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        return self._completion() if self.is_begun else None

    def whole(self) -> Completion:
        """Return the answer at the end of the stream. Raises CallFailed(invalid_output) when it broke off before."""
        if not self._choices:
            raise invalid("the answer holds no choices")
        if not self.is_ended and not all(choice.finish_reason for choice in self._choices.values()):
            raise invalid("the stream ended before the answer did")
        return self._completion()

    def _choice(self, index: Any) -> "_Choice":
        number = index if isinstance(index, int) else 0
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = _Choice()
        return choice

    def _completion(self) -> Completion:
        return completion_of([self._choices[number].as_json() for number in sorted(self._choices)], self._usage)


class _Choice:
    """One of the answers, from its deltas."""

    __slots__ = ("_calls", "_content", "_newest", "_reasoning", "_refusal", "finish_reason")

    def __init__(self) -> None:
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_ToolCall] = []
        self._newest: dict[int, _ToolCall] = {}
        """The call that a delta with this index goes on with."""
        self.finish_reason: Any = None

    def add(self, part: Mapping[str, Any]) -> bool:
        """Take what a chunk adds to this answer; return whether it adds any words."""
        self.finish_reason = part.get("finish_reason") or self.finish_reason
        delta = part.get("delta")
        if not isinstance(delta, dict):
            return False
        content = delta.get("content")
        text = content if isinstance(content, str) else text_of_content(content)
        if text:
            self._content.append(text)
            if len(delta) == 1:
                return True
        return self._add_more(delta) or bool(text)

    def _add_more(self, delta: Mapping[str, Any]) -> bool:
        """Take what there may be beside content."""
        before = len(self._reasoning) + len(self._refusal)
        reasoning, refusal = delta.get("reasoning_content") or delta.get("reasoning"), delta.get("refusal")
        if isinstance(reasoning, str) and reasoning:
            self._reasoning.append(reasoning)
        if isinstance(refusal, str) and refusal:
            self._refusal.append(refusal)
        calls = [call for call in delta.get("tool_calls") or () if isinstance(call, dict)]
        for call in calls:
            self._call_of(call).add(call)
        return bool(calls) or len(self._reasoning) + len(self._refusal) > before

    def _call_of(self, delta: Mapping[str, Any]) -> "_ToolCall":
        """Return the call that a delta goes on with: some endpoints give no index, others the same one to all calls."""
        index = delta.get("index")
        number = index if isinstance(index, int) else 0
        call = self._newest.get(number)
        if call is None or (delta.get("id") and call.id and delta["id"] != call.id):
            call = self._newest[number] = _ToolCall()
            self._calls.append(call)
        return call

    def as_json(self) -> dict[str, Any]:
        """Return the choice as an answer that comes whole has it."""
        message: dict[str, Any] = {"content": joined(self._content)}
        if self._reasoning:
            message["reasoning"] = joined(self._reasoning)
        if self._refusal:
            message["refusal"] = joined(self._refusal)
        if self._calls:
            message["tool_calls"] = [call.as_json() for call in self._calls]
        return {"message": message, "finish_reason": self.finish_reason}


class _ToolCall:
    """One call of a tool, from its deltas."""

    __slots__ = ("_arguments", "_name", "id")

    def __init__(self) -> None:
        self.id: Any = None
        self._name: Any = None
        self._arguments: list[str] = []

    def add(self, delta: Mapping[str, Any]) -> None:
        """Take what a delta adds: id and name come once (or again and again), the arguments in pieces."""
        function = delta.get("function")
        named = function if isinstance(function, dict) else {}
        self.id, self._name = self.id or delta.get("id"), self._name or named.get("name")
        arguments = named.get("arguments")
        if isinstance(arguments, str):
            self._arguments.append(arguments)
        elif arguments is not None:
            self._arguments.append(orjson.dumps(arguments).decode())

    def as_json(self) -> dict[str, Any]:
        """Return the call as an answer that comes whole has it."""
        return {"id": self.id, "function": {"name": self._name, "arguments": joined(self._arguments)}}
