"""A provider that breaks its answers in every way that a network and a server know, each at 5 % of the items."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.serving import served
from tests.provider import KEY

LATENCY_S = 0.3
FAULTS = ("429", "500", "502", "dropped", "half", "malformed", "endless", "hang")
"""What goes wrong with the first call for an item whose number modulo 20 is the fault's place."""
FAULTLESS = "clean"
"""The model that nothing goes wrong with."""
LASTING = ("endless", "hang")
"""What only a timeout ends."""
AT_ONCE = ("429", "500", "502", "dropped")
"""What comes without the time of an answer."""
MALFORMED = b'{"choices": [{"message": {"role": "assistant", "content": '


def fault_of(number: int) -> str:
    """Return what goes wrong with an item; "": nothing."""
    return FAULTS[number % 20] if number % 20 < len(FAULTS) else ""


class FaultyProvider:
    """Answers sums; keeps which items it was asked and when."""

    def __init__(self) -> None:
        self.asked = Counter[tuple[str, int]]()
        """Calls by model and item's number."""
        self.refused = 0
        """Calls with another key."""
        self.began_at = self.ended_at = 0.0
        self.url = ""

    @property
    def span_s(self) -> float:
        """Seconds from the first call to the last answer."""
        return self.ended_at - self.began_at

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until it ends."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._answer(reader, writer):
                await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one call; False when the connection ends with it."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        if f"authorization: bearer {KEY}\r\n" not in head:
            self.refused += 1
            writer.write(_response(401, b'{"error": {"message": "Incorrect API key provided."}}'))
            return True
        number, model = int(body["messages"][-1]["content"].split()[0]), body["model"]
        self.began_at = self.began_at or time.monotonic()
        self.asked[model, number] += 1
        fault = fault_of(number) if model != FAULTLESS and self.asked[model, number] == 1 else ""
        if fault not in LASTING + AT_ONCE:
            await asyncio.sleep(LATENCY_S)
        goes_on = await _send(writer, fault, str(2 * number))
        self.ended_at = time.monotonic()
        return goes_on


async def _send(writer: asyncio.StreamWriter, fault: str, text: str) -> bool:
    """Send an answer, or what goes wrong with it; False when the connection ends with it."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 10, "completion_tokens": 1}
    whole = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()
    if fault in LASTING:
        return await _never_end(writer, trickles=fault == "endless")
    if fault == "dropped":
        return False
    if fault == "half":
        writer.write(_response(200, whole)[: -len(whole) // 2])
        await writer.drain()
        return False
    status = int(fault) if fault.isdecimal() else 200
    refused = b'{"error": {"message": "not now"}}' if status != 200 else whole
    writer.write(_response(status, MALFORMED if fault == "malformed" else refused))
    return True


async def _never_end(writer: asyncio.StreamWriter, *, trickles: bool) -> bool:
    """Send one byte after the other without an end, or nothing at all, until the caller leaves."""
    if trickles:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        if trickles:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
        await asyncio.sleep(0.05)
    return False


def _response(status: int, body: bytes) -> bytes:
    after = "Retry-After: 1\r\n" if status == 429 else ""
    head = f"HTTP/1.1 {status} Answer\r\nContent-Type: application/json\r\n{after}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@contextmanager
def faulty_provider() -> Iterator[FaultyProvider]:
    """Serve at a free port, in a thread, while the block runs."""
    given = FaultyProvider()
    with served(given.serve) as given.url:
        yield given
