"""A provider that takes long and any number of calls; it knows when the last began and when the last was cut off."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.serving import served

LOOK_EVERY_S = 0.05
SPREAD = 1000  # so many calls that begin together end one after the other
MESSAGE = {"role": "assistant", "content": "2"}
BODY = json.dumps({"choices": [{"message": MESSAGE, "finish_reason": "stop"}]}).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class SlowProvider:
    """Answers calls after a time between its latency and twice that, and counts those that are open."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self.asked = self.open_count = 0
        self.begun_at = self.cut_at = 0.0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until its caller leaves."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
                await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked, self.open_count, self.begun_at = self.asked + 1, self.open_count + 1, time.monotonic()
        latency_s = self._latency_s * (1 + self.asked % SPREAD / SPREAD)
        until, leaves = self.begun_at + latency_s, False
        while time.monotonic() < until and not leaves:
            await asyncio.sleep(LOOK_EVERY_S)
            leaves = reader.at_eof() or writer.is_closing()
        self.open_count -= 1
        if leaves:
            self.cut_at = time.monotonic()
            raise asyncio.CancelledError
        writer.write(ANSWER)


@contextmanager
def slow_provider(latency_s: float) -> Iterator[SlowProvider]:
    """Serve at a free port, in a thread, while the block runs."""
    slow = SlowProvider(latency_s)
    with served(slow.serve) as slow.url:
        yield slow
