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
MOST_CHOICES = 128


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
    choices: int = 1
    """How many answers are wanted."""


@dataclass(slots=True)
class ChatAnswer:
    """What a model says, and how it is counted."""

    text: str
    tokens_in: int
    tokens_out: int
    finish_reason: str = "stop"
    refusal: str | None = None
    others: tuple["ChatAnswer", ...] = ()
    """The choices behind the first."""


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
    return ChatCall(
        model=model,
        prompt=texts[0] if len(texts) == 1 else "\n".join(texts),
        question=texts[-1],
        sample=_sample_of(request.headers.get(SAMPLE_HEADER, "")),
        max_tokens=_limit_of(body),
        is_stream=body.get("stream") is True,
        has_usage=_wants_usage(body.get("stream_options")),
        choices=_choices_of(body.get("n")),
    )


def completion_body(call: ChatCall, answer: ChatAnswer, *, number: int, now: int) -> bytes:
    """Return the JSON of a completion; `number` makes its id, `now` is in seconds since 1970."""
    return orjson.dumps(
        {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": now,
            "model": call.model,
            "choices": [_whole_choice(index, each) for index, each in enumerate([answer, *answer.others])],
            "usage": _usage(answer),
        }
    )


def _whole_choice(index: int, answer: ChatAnswer) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.refusal:
        message |= {"content": None, "refusal": answer.refusal}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}


def stream_pieces(call: ChatCall, answer: ChatAnswer, *, number: int, now: int) -> Iterator[bytes]:
    """Return the server-sent events of a streamed completion, the final mark included."""
    base = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": now, "model": call.model}
    for index, each in enumerate([answer, *answer.others]):
        for choice in _choice_pieces(each):
            yield _event(base, [{"index": index, **choice}])
    if call.has_usage:
        yield _event({**base, "usage": _usage(answer)}, [])
    yield DONE


def _choice_pieces(answer: ChatAnswer) -> Iterator[dict[str, Any]]:
    yield _choice({"role": "assistant", "content": ""})
    if answer.refusal:
        yield _choice({"refusal": answer.refusal})
    for start in range(0, 0 if answer.refusal else len(answer.text), PIECE_LENGTH):
        yield _choice({"content": answer.text[start : start + PIECE_LENGTH]})
    yield _choice({}, answer.finish_reason)


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
    return {"delta": delta, "finish_reason": finish_reason}


def _usage(answer: ChatAnswer) -> dict[str, int]:
    tokens_out = answer.tokens_out + sum(other.tokens_out for other in answer.others)
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": answer.tokens_in + tokens_out,
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


def _choices_of(n: Any) -> int:
    if n is None:
        return 1
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_CHOICES:
        raise BadCall(f"n is a whole number from 1 to {MOST_CHOICES}", param="n")
    return n


def _limit_of(body: dict[str, Any]) -> int | None:
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    if limit is None:
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise BadCall("max_tokens is a whole number of at least 1", param="max_tokens")
    return limit
