"""An HTTP/1.1 server as an asyncio protocol: keep-alive, pipelined requests answered in their order."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import cast

import orjson

from runs.simulator.wire import BODY_LIMIT, BadRequest, HttpRequest, RequestReader

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
JSON = "application/json"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NO_HEADERS: Mapping[str, str] = {}


class Exchange:
    """One request and what comes back: an answer, a stream, or nothing. It is answered once."""

    __slots__ = ("_protocol", "on_gone", "request")

    def __init__(self, protocol: "HttpProtocol", request: HttpRequest) -> None:
        self._protocol = protocol
        self.request = request
        self.on_gone: Callable[[], None] | None = None
        """Called when the client leaves before the answer."""

    def answer(self, status: int, body: bytes, *, headers: Mapping[str, str] = NO_HEADERS, kind: str = JSON) -> None:
        """Send an answer whole; `kind` is its media type."""
        head = b"%bContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n" % (
            STATUS_LINES[status],
            kind.encode(),
            len(body),
            self._extra(headers),
        )
        self._protocol.finish(head + body, is_last=self.request.is_last)

    def stream(self, pieces: Iterable[bytes], *, kind: str) -> None:
        """Send an answer in pieces, a chunk each; a client of HTTP/1.0 reads until the connection ends."""
        begin = b"%bContent-Type: %b\r\nCache-Control: no-cache\r\n" % (STATUS_LINES[200], kind.encode())
        if self.request.is_http_1_0:
            self._protocol.finish(begin + b"Connection: close\r\n\r\n" + b"".join(pieces), is_last=True)
            return
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        head = begin + self._extra(NO_HEADERS) + b"Transfer-Encoding: chunked\r\n\r\n"
        self._protocol.finish(head + chunks + b"0\r\n\r\n", is_last=self.request.is_last)

    def begin(self, *, kind: str) -> None:
        """Begin an answer whose pieces are sent one by one."""
        head = b"%bContent-Type: %b\r\nCache-Control: no-cache\r\n" % (STATUS_LINES[200], kind.encode())
        framing = b"Connection: close\r\n\r\n" if self.request.is_http_1_0 else b"Transfer-Encoding: chunked\r\n\r\n"
        self._protocol.write(head + (b"" if self.request.is_http_1_0 else self._extra(NO_HEADERS)) + framing)

    def send(self, piece: bytes) -> None:
        """Send one piece of an answer that was begun."""
        self._protocol.write(piece if self.request.is_http_1_0 else b"%x\r\n%b\r\n" % (len(piece), piece))

    def end(self) -> None:
        """End an answer that was begun."""
        is_old = self.request.is_http_1_0
        self._protocol.finish(b"" if is_old else b"0\r\n\r\n", is_last=is_old or self.request.is_last)

    @property
    def is_full(self) -> bool:
        """Whether the client does not read what was sent."""
        return self._protocol.is_full

    def drop(self) -> None:
        """End the connection here: without an answer, or in the middle of one."""
        self._protocol.finish(b"", is_last=True)

    def _extra(self, headers: Mapping[str, str]) -> bytes:
        if not headers and not self.request.is_http_1_0 and not self.request.is_last:
            return b""
        connection = "close" if self.request.is_last else "keep-alive"
        return "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Connection": connection}.items()).encode()


class HttpProtocol(asyncio.Protocol):
    """One connection. A request is handed on when the one before it has been answered."""

    __slots__ = (
        "_connections",
        "_exchange",
        "_handle",
        "_is_advancing",
        "_is_full",
        "_is_paused",
        "_reader",
        "_transport",
    )

    def __init__(self, handle: Callable[[Exchange], None], connections: set["HttpProtocol"]) -> None:
        """`handle` answers each exchange, at once or later; `connections` holds this one while it is open."""
        self._handle, self._connections = handle, connections
        self._reader = RequestReader()
        self._exchange: Exchange | None = None
        self._transport: asyncio.Transport | None = None
        self._is_advancing = self._is_full = self._is_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        """Forget the connection, and tell the open exchange that nobody waits for it."""
        self._transport = None
        self._connections.discard(self)
        exchange, self._exchange = self._exchange, None
        if exchange is not None and exchange.on_gone is not None:
            exchange.on_gone()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._reader.feed(data)
        if self._exchange is None:
            self._advance()
        elif len(self._reader) > BODY_LIMIT:
            self._balance()

    def pause_writing(self) -> None:
        """Take no more from a client that does not read its answers."""
        self._is_full = True
        self._balance()

    def resume_writing(self) -> None:
        """Read again."""
        self._is_full = False
        self._balance()

    @property
    def is_full(self) -> bool:
        """Whether more is to be written than the client takes."""
        return self._is_full

    def write(self, data: bytes) -> None:
        """Write a part of the answer to the open exchange."""
        if self._transport is not None:
            self._transport.write(data)

    def finish(self, data: bytes, *, is_last: bool) -> None:
        """Write the answer to the open exchange and turn to the next request."""
        self._exchange = None
        if self._transport is None:
            return
        if data:
            self._transport.write(data)
        if is_last:
            self.close()
        elif not self._is_advancing:
            self._balance()
            self._advance()

    def close(self) -> None:
        """End the connection once everything is written."""
        if self._transport is not None:
            self._transport.close()

    def _advance(self) -> None:
        """Hand on request after request, until one is not answered at once or more has to come."""
        self._is_advancing = True
        try:
            while self._exchange is None and self._transport is not None and not self._transport.is_closing():
                request = self._reader.next()
                if request is None:
                    break
                self._exchange = Exchange(self, request)
                self._handle(self._exchange)
        except BadRequest as bad:
            self._refuse(bad)
        finally:
            self._is_advancing = False
        self._consent()

    def _consent(self) -> None:
        """Tell a client that asks first to go on with its body."""
        if self._exchange is None and self._transport is not None and self._reader.waits_for_consent:
            self._reader.waits_for_consent = False
            self._transport.write(CONTINUE)

    def _refuse(self, bad: BadRequest) -> None:
        body = orjson.dumps({"error": {"message": bad.sentence, "type": "invalid_request_error", "code": bad.status}})
        Exchange(self, HttpRequest("", "", {"connection": "close"})).answer(bad.status, body)

    def _balance(self) -> None:
        """Read only while answers are taken and no more than one body's worth of requests waits."""
        is_enough = self._is_full or (self._exchange is not None and len(self._reader) > BODY_LIMIT)
        if self._transport is None or is_enough == self._is_paused:
            return
        self._is_paused = is_enough
        if is_enough:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
