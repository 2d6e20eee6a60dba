"""The Messages API: what it wants of a request, how it answers, how it refuses."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.wire.server import Answer, Asked
from tests.wire.sums import answer_to

KEY = "sk-ant-of-the-tests"
MODELS = ["claude-small", "claude-wordy", "claude-strict", "claude-busy"]
FIELDS = {
    *("model", "messages", "max_tokens", "system", "temperature", "top_p", "top_k", "stop_sequences", "stream"),
    *("metadata", "tools", "tool_choice", "thinking", "output_config", "service_tier"),
}
CALL = {"type": "tool_use", "id": "toolu_01", "name": "add", "input": {"a": 1, "b": 2}}


def error(status: int, kind: str, message: str, **headers: str) -> Answer:
    """Return an error as the API writes them."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_011"}
    return Answer(status, body, headers)


def message(content: list[dict[str, Any]], stop_reason: str = "end_turn", **more: Any) -> dict[str, Any]:
    """Return a message as the API answers it."""
    usage = {
        "input_tokens": 12,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": 3,
        "service_tier": "standard",
    }
    head = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-small"}
    return {**head, "content": content, "stop_reason": stop_reason, "stop_sequence": None, "usage": usage, **more}


def text(words: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "text", "text": words}


class AnthropicApi:
    """Answers sums; claude-busy is overloaded when a question first comes."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        if asked.headers.get("x-api-key") != KEY:
            return error(401, "authentication_error", "invalid x-api-key")
        if "anthropic-version" not in asked.headers:
            return error(400, "invalid_request_error", "anthropic-version: header is required")
        if (asked.method, asked.path) == ("GET", "/v1/models"):
            return _models()
        if (asked.method, asked.path) != ("POST", "/v1/messages"):
            return error(404, "not_found_error", "Not found")
        return _misfit(asked.body) or streamed_if_asked(self._answer(asked.body), asked.body)

    def _answer(self, body: dict[str, Any]) -> Answer:
        model = body["model"]
        self._tries[json.dumps(body)] += 1
        if model == "claude-busy" and self._tries[json.dumps(body)] == 1:
            return error(529, "overloaded_error", "Overloaded")
        if model == "claude-strict":
            details = {"type": "refusal", "category": "cyber", "explanation": "It may do harm."}
            return Answer(200, message([], "refusal", stop_details=details))
        if body.get("tools"):
            return Answer(200, message([CALL], "tool_use"))
        words = answer_to(body["messages"][-1]["content"][-1]["text"])
        if model == "claude-wordy":
            return Answer(200, message([text(f"Well, {words}")], "max_tokens"))
        thinking = {"type": "thinking", "thinking": "Add them.", "signature": "c2ln"}
        return Answer(200, message([*([thinking] if "thinking" in body else []), text(words)]))


def event(kind: str, **values: Any) -> bytes:
    """Return one event of a stream."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **values})}\n\n".encode()


def events_of(whole: dict[str, Any]) -> Iterator[bytes]:
    """Yield a message as its stream gives it: block by block, two letters at a time."""
    usage = {**whole["usage"], "output_tokens": 1}
    yield event("message_start", message={**whole, "content": [], "stop_reason": None, "usage": usage})
    for index, block in enumerate(whole["content"]):
        yield from _block(index, block)
        yield event("ping")
    end = {name: whole[name] for name in ("stop_reason", "stop_sequence", "stop_details") if name in whole}
    yield event("message_delta", delta=end, usage={"output_tokens": whole["usage"]["output_tokens"]})
    yield event("message_stop")


def _block(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    kind = block["type"]
    field = {"tool_use": "input", "text": "text", "thinking": "thinking"}[kind]
    delta, key = {"tool_use": ("input_json_delta", "partial_json")}.get(kind, (f"{kind}_delta", kind))
    written = json.dumps(block[field]) if kind == "tool_use" else block[field]
    yield event("content_block_start", index=index, content_block={**block, field: {} if kind == "tool_use" else ""})
    for start in range(0, len(written), 2):
        piece = {"type": delta, key: written[start : start + 2]}
        yield event("content_block_delta", index=index, delta=piece)
    if kind == "thinking":
        yield event("content_block_delta", index=index, delta={"type": "signature_delta", "signature": "c2ln"})
    yield event("content_block_stop", index=index)


def streamed_if_asked(answer: Answer, body: dict[str, Any]) -> Answer:
    """Return a message as the stream that was asked for; errors come whole."""
    return Answer(200, pieces=tuple(events_of(answer.body))) if body.get("stream") and answer.status == 200 else answer


def _models() -> Answer:
    data = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in MODELS
    ]
    return Answer(200, {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})


def _misfit(body: dict[str, Any]) -> Answer | None:
    """Return the refusal of a body that the API does not take."""
    for name in ("model", "messages", "max_tokens"):
        if name not in body:
            return error(400, "invalid_request_error", f"{name}: Field required")
    for name in body:
        if name not in FIELDS:
            return error(400, "invalid_request_error", f"{name}: Extra inputs are not permitted")
    if body["model"] not in MODELS:
        return error(404, "not_found_error", f"model: {body['model']}")
    if body["max_tokens"] > 64_000:
        limit = f"max_tokens: {body['max_tokens']} > 64000, which is the maximum allowed number of output tokens"
        return error(400, "invalid_request_error", f"{limit} for {body['model']}")
    return _wrong_turns(body)


def _wrong_turns(body: dict[str, Any]) -> Answer | None:
    for number, turn in enumerate(body["messages"]):
        if turn["role"] not in ("user", "assistant"):
            return error(400, "invalid_request_error", f"messages.{number}.role: Input should be 'user' or 'assistant'")
        if any(block["type"] == "text" and not block["text"] for block in turn["content"]):
            return error(400, "invalid_request_error", "messages: text content blocks must be non-empty")
    budget = (body.get("thinking") or {}).get("budget_tokens", 0)
    if budget >= body["max_tokens"]:
        return error(400, "invalid_request_error", "`max_tokens` must be greater than `thinking.budget_tokens`")
    return None
