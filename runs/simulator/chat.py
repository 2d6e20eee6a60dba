"""The simulator's side of chat completions: calls read, answers and errors written.

Source: the public reference of the Chat Completions API.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from runs.simulator.models import tokens_in
from runs.simulator.wire import HttpRequest

SAMPLE_HEADER = "x-evalsite-sample"
SAMPLE_DIGITS = 9
DONE = b"data: [DONE]\n\n"
PIECE_LENGTH = 16


class BadCall(Exception):
    """A request that is no call for a completion, in the provider's words."""

    def __init__(self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, param=param, code=code)


@dataclass(slots=True)
class ChatCall:
    """A call for one completion."""

    model: str
    prompt: str
    """The texts of all messages: what the answer depends on."""
    question: str
    """The text of the last message: what is answered."""
    sample: int
    """Number of the repetition, 0 where the caller does not say."""
    max_tokens: int | None
    is_stream: bool
    has_usage: bool
    """Whether a stream is to end with the usage."""


@dataclass(slots=True)
class ChatAnswer:
    """What a model says, and how it is counted."""

    text: str
    tokens_in: int
    tokens_out: int
    finish_reason: str = "stop"
    refusal: str | None = None


def read_call(request: HttpRequest) -> ChatCall:
    """Return the call that a request makes. Raises BadCall."""
    try:
        body = orjson.loads(request.body)
        model, messages = body["model"], body["messages"]
        texts = [_text_of(message["content"]) for message in messages]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise BadCall("the body is an object with model and messages, each with content") from None
    if not texts or not isinstance(model, str):
        raise BadCall("model is a text and messages are at least one", param="messages")
    if body.get("n") not in (None, 1):
        raise BadCall("Unsupported parameter: n is 1", param="n", code="unsupported_parameter")
    return ChatCall(
        model=model,
        prompt=texts[0] if len(texts) == 1 else "\n".join(texts),
        question=texts[-1],
        sample=_sample_of(request.headers.get(SAMPLE_HEADER, "")),
        max_tokens=_limit_of(body),
        is_stream=body.get("stream") is True,
        has_usage=_wants_usage(body.get("stream_options")),
    )


def completion_body(call: ChatCall, answer: ChatAnswer, *, number: int, now: int) -> bytes:
    """Return the JSON of a completion; `number` makes its id, `now` is in seconds since 1970."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.refusal:
        message |= {"content": None, "refusal": answer.refusal}
    return orjson.dumps(
        {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": now,
            "model": call.model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}],
            "usage": _usage(answer),
        }
    )


def stream_pieces(call: ChatCall, answer: ChatAnswer, *, number: int, now: int) -> Iterator[bytes]:
    """Return the server-sent events of a streamed completion, the final mark included."""
    base = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": now, "model": call.model}
    yield _event(base, [_choice({"role": "assistant", "content": ""})])
    if answer.refusal:
        yield _event(base, [_choice({"refusal": answer.refusal})])
    for start in range(0, 0 if answer.refusal else len(answer.text), PIECE_LENGTH):
        yield _event(base, [_choice({"content": answer.text[start : start + PIECE_LENGTH]})])
    yield _event(base, [_choice({}, answer.finish_reason)])
    if call.has_usage:
        yield _event({**base, "usage": _usage(answer)}, [])
    yield DONE


def cut(answer: ChatAnswer, max_tokens: int) -> ChatAnswer:
    """Return the answer as it is when the model may say no more than `max_tokens`."""
    share = max_tokens / answer.tokens_out
    return ChatAnswer(answer.text[: int(len(answer.text) * share)], answer.tokens_in, max_tokens, "length")


def error_body(message: str, *, param: str | None = None, code: str | None = None) -> bytes:
    """Return the JSON of an error."""
    error = {"message": message, "type": code or "invalid_request_error", "param": param, "code": code}
    return orjson.dumps({"error": error})


def prompt_tokens(call: ChatCall) -> int:
    """Return the prompt tokens that are counted."""
    return tokens_in(call.prompt)


def _event(base: dict[str, Any], choices: list[dict[str, Any]]) -> bytes:
    return b"data: " + orjson.dumps({**base, "choices": choices}) + b"\n\n"


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}


def _usage(answer: ChatAnswer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": answer.tokens_out,
        "total_tokens": answer.tokens_in + answer.tokens_out,
    }


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    return "".join(str(part.get("text") or "") for part in content)


def _wants_usage(options: Any) -> bool:
    return isinstance(options, dict) and options.get("include_usage") is True


def _sample_of(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() and len(header) <= SAMPLE_DIGITS else 0


def _limit_of(body: dict[str, Any]) -> int | None:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if limit is None:
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise BadCall("max_tokens is a whole number of at least 1", param="max_tokens")
    return limit
