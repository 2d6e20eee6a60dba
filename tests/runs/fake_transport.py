"""A transport that answers from a list, and remembers what it was asked."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from multidict import CIMultiDict

from runs.runners.base import HttpResponse, StreamedResponse


def response(status: int, body: Any = b"", **headers: str) -> HttpResponse:
    """Return an answer; what is no bytes is written as JSON, header names have hyphens for underscores."""
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return HttpResponse(status, named, body if isinstance(body, bytes) else orjson.dumps(body))


def completion(text: str | None = "4", **choice: Any) -> dict[str, Any]:
    """Return the JSON of a plain completion."""
    first = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **choice}
    return {"choices": [first], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


def streamed(*pieces: bytes | Exception, status: int = 200, **headers: str) -> StreamedResponse:
    """Return an answer whose body comes in these pieces; an exception among them is raised in its turn."""
    kind = headers.pop("content_type", "text/event-stream")
    return StreamedResponse(status, response(status, content_type=kind, **headers).headers, _coming(pieces))


async def _coming(pieces: Iterable[bytes | Exception]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


@dataclass
class Call:
    """One call that was made."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any = None


@dataclass
class FakeTransport:
    """Gives its answers in their order; an exception among them is raised."""

    answers: list[HttpResponse | StreamedResponse | Exception]
    calls: list[Call] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)

    def trust(self, url: str) -> None:
        """Remember it."""
        self.trusted.append(url)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Take the next answer."""
        self.calls.append(Call("POST", url, dict(headers), orjson.loads(body)))
        return self._next(HttpResponse)

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str], body: bytes) -> AsyncIterator[StreamedResponse]:
        """Take the next answer; one that is whole comes in one piece."""
        self.calls.append(Call("STREAM", url, dict(headers), orjson.loads(body)))
        answer = self._next((HttpResponse, StreamedResponse))
        if isinstance(answer, HttpResponse):
            answer = StreamedResponse(answer.status, answer.headers, _coming([answer.body]))
        yield answer

    async def get(self, url: str, *, headers: Mapping[str, str]) -> HttpResponse:
        """Take the next answer."""
        self.calls.append(Call("GET", url, dict(headers)))
        return self._next(HttpResponse)

    def _next(self, expected: Any) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, expected)
        return answer
