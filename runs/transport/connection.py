"""One connection to a server: HTTP/1.1, one request at a time, its answer read whole or piece by piece.

A protocol of the event loop's own on the parser of httptools (llhttp, which Node.js reads with): a call costs
less than half of what a general client spends on it (docs/performance.md).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from typing import cast

import httptools
from multidict import CIMultiDict

from runs.exchange import CallFailed
from runs.transport.failures import cut_short, no_answer, not_http, too_large

HEAD_LIMIT = 256 * 1024
BODY_LIMIT = 16 * 1024 * 1024
RECEIVED_LIMIT = 4 * BODY_LIMIT
"""With everything around the body: the smallest chunks, trailers."""
FIRST_FINAL_STATUS = 200
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
IDLE, SENT, BEGUN, WHOLE = range(4)
"""How far the exchange is: none yet, request sent, status and headers there, body there."""


class _OutOfTurn(Exception):
    """An answer that nobody asked for."""


class Connection(asyncio.Protocol):
    """A connection and the exchange that is on it. Its failures are CallFailed."""

    def __init__(self, on_lost: Callable[["Connection"], None]) -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._stage = self._awaited = IDLE
        self.gone: asyncio.Future[None] = self._loop.create_future()
        """Done once the connection has ended."""

    # The caller's side

    def begin(self, request: bytes) -> None:
        """Send a request; the connection is open and idle."""
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self._fields: list[tuple[str, str]] = []
        self._pieces: list[bytes] = []
        self._size = self._received = 0
        self._failure: CallFailed | None = None
        self._unpacker: zlib._Decompress | None = None
        self._keeps_alive = self._ends_with_connection = False
        self._stage = SENT
        if self._transport is None:
            self._fail(no_answer(None))
        else:
            self._transport.write(request)

    async def head(self) -> None:
        """Come back when status and headers are there."""
        await self._until(BEGUN)
        if self._failure is not None and not self.status:
            raise self._failure

    async def whole(self) -> bytes:
        """Return the body once it is all there."""
        await self._until(WHOLE)
        if self._failure is not None:
            raise self._failure
        return b"".join(self._pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; what came before a failure is given first."""
        while True:
            if self._pieces:
                pieces, self._pieces = self._pieces, []
                yield b"".join(pieces)
            elif self._failure is not None:
                raise self._failure
            elif self._stage == WHOLE:
                return
            else:
                await self._next(BEGUN)

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent on it."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def is_free(self) -> bool:
        """Whether the exchange is over and the connection may be used for another one."""
        return self._stage == WHOLE and self._keeps_alive and self._transport is not None and self._is_sent

    @property
    def _is_sent(self) -> bool:
        return self._transport is not None and not self._transport.get_write_buffer_size()

    def forget(self) -> None:
        """Let go of what came: the connection is kept, or is in memory until somebody looks for cycles."""
        self._pieces = []

    def hang_up(self) -> None:
        """End the connection at once, whatever is on it."""
        if self._transport is not None:
            self._transport.abort()

    async def _until(self, stage: int) -> None:
        while self._stage < stage and self._failure is None:
            await self._next(stage)

    async def _next(self, stage: int) -> None:
        """Wait for what comes next at this stage."""
        self._awaited = stage
        self._waiter = self._loop.create_future()
        await self._waiter

    # The event loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange with what there is of it."""
        self._transport = None
        if self._stage == SENT:
            self._fail(no_answer(exc))
        elif self._stage == BEGUN and self._ends_with_connection and exc is None:
            self.on_message_complete()
        elif self._stage == BEGUN:
            self._fail(cut_short("the connection was closed", self.status))
        self._on_lost(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._stage not in (SENT, BEGUN):
            self.hang_up()
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._refuse(error)
        if self._received > (HEAD_LIMIT if self._stage == SENT else RECEIVED_LIMIT):
            self._fail(too_large(BODY_LIMIT, self.status) if self.status else not_http())
            self.hang_up()

    def _refuse(self, error: Exception) -> None:
        """End a connection on which something else came than an answer, or more than one."""
        self._keeps_alive = False
        if self._stage != WHOLE:
            self._fail(cut_short(str(error), self.status) if self.status else not_http())
        self.hang_up()

    def _fail(self, failure: CallFailed) -> None:
        if self._failure is None:
            self._failure = failure
        self._wake(WHOLE)

    def _wake(self, stage: int) -> None:
        """Let whoever waits for this stage go on."""
        waiter = self._waiter
        if waiter is not None and self._awaited <= stage:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)

    # What the parser tells

    def on_message_begin(self) -> None:
        """Refuse an answer that no request was sent for."""
        if self._stage != SENT:
            raise _OutOfTurn

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Take in status and headers; those of a `100 Continue` are none of the answer."""
        status = self._parser.get_status_code()
        fields, self._fields = self._fields, []
        if status < FIRST_FINAL_STATUS:
            return
        self.status, self.headers = status, CIMultiDict(fields)
        if "Content-Encoding" in self.headers and self.headers["Content-Encoding"].lower() != "identity":
            self._unpacker = zlib.decompressobj(GZIP_OR_ZLIB)
        coding = self.headers.get("Transfer-Encoding", "").lower()
        self._ends_with_connection = "Content-Length" not in self.headers and not coding.endswith("chunked")
        self._stage = BEGUN
        self._wake(BEGUN)

    def on_body(self, data: bytes) -> None:
        """Take in a part of the body."""
        if self._failure is not None:
            return
        try:
            piece = self._unpacker.decompress(data, BODY_LIMIT + 1) if self._unpacker else data
        except zlib.error:
            self._fail(cut_short("it cannot be unpacked", self.status))
            self.hang_up()
            return
        self._size += len(piece)
        if self._size > BODY_LIMIT:
            self._fail(too_large(BODY_LIMIT, self.status))
            self.hang_up()
            return
        self._pieces.append(piece)
        self._wake(BEGUN)

    def on_message_complete(self) -> None:
        """End the exchange."""
        if self._stage != BEGUN or self._failure is not None:
            return
        if self._unpacker is not None and self._size and not self._unpacker.eof:
            self._fail(cut_short("its packed body does not end", self.status))
            return
        self._stage, self._keeps_alive = WHOLE, self._parser.should_keep_alive()
        self._wake(WHOLE)
