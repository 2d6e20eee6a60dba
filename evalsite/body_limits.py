"""How large a request may be: what is larger is refused before any of it is kept, with a sentence."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]
MIB = 1024 * 1024


def too_large(limit_bytes: int) -> str:
    """Return the sentence for what is larger than the site takes."""
    return (
        f"This is larger than {limit_bytes // MIB:,} MiB, which is all that is taken at once: pack the file as .gz, "
        "import it in parts with merge, use evalsite import, or raise EVALSITE_UPLOAD_MIB."
    )


class LimitedBodies:
    """An ASGI application whose requests have bodies of at most so many bytes."""

    def __init__(self, application: Application, limit_bytes: int) -> None:
        self._application, self._limit = application, limit_bytes

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; one that turns out larger than it said ends as if the client had gone."""
        if scope["type"] == "http" and _said_length(scope) > self._limit:
            await self._refuse(scope, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= self._limit else {"type": "http.disconnect"}

        await self._application(scope, counted, send)

    async def _refuse(self, scope: Any, send: Send) -> None:
        """Answer a problem document below /api/, else a plain sentence."""
        is_api = scope["path"].startswith("/api/")
        sentence = too_large(self._limit)
        problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": sentence}
        body = json.dumps(problem) if is_api else sentence
        kind = b"application/problem+json" if is_api else b"text/plain; charset=utf-8"
        headers = [(b"content-type", kind), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 400 if is_api else 413, "headers": headers})
        await send({"type": "http.response.body", "body": body.encode()})


def _said_length(scope: Any) -> int:
    """Return the length that the request says, 0 where it says none."""
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else 0
