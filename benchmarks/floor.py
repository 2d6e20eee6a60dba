"""The floor: what a client costs that does nothing but call. Run as `python -m benchmarks.floor CLIENT PORT KEY N`.

`raw` writes requests from an asyncio protocol on uvloop; `ours` is the client that the engine calls with.
"""

import asyncio
import json
import sys
import time
from functools import partial
from typing import cast

import uvloop

from benchmarks.job import MODEL
from runs.transport import HttpTransport


def body_of(number: int) -> bytes:
    """Return the JSON of one request, of about the size that the engine sends."""
    prompt = f"{number}+{number + 7}=? Answer with the number alone."
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": prompt}]}).encode()


class Caller(asyncio.Protocol):
    """One connection that sends the next request when the answer to the last one is there."""

    def __init__(self, key: str, numbers: "list[int]", done: "asyncio.Future[None]") -> None:
        self._key, self._numbers, self._done = key, numbers, done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Look for the end of the answer."""
        self._buffer += data
        start = self._buffer.find(b"\r\n\r\n") + 4
        if start < 4:
            return
        head = self._buffer[:start]
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        if len(self._buffer) < start + length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(self._buffer.decode()))
            return
        self._buffer = b""
        self._next()

    def _next(self) -> None:
        if self._numbers:
            self._transport.write(self._request(self._numbers.pop()))
        else:
            self._transport.close()
            self._done.set_result(None)

    def _request(self, number: int) -> bytes:
        body = body_of(number)
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Accept: */*\r\nAuthorization: Bearer {self._key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def call_raw(port: int, key: str, requests: int, in_flight: int) -> None:
    """Make the calls over raw connections."""
    loop, numbers, waiting = asyncio.get_running_loop(), list(range(requests)), []
    for _ in range(in_flight):
        done = loop.create_future()
        waiting.append(done)
        await loop.create_connection(partial(Caller, key, numbers, done), "127.0.0.1", port)
    await asyncio.gather(*waiting)


async def call_ours(port: int, key: str, requests: int, in_flight: int) -> None:
    """Make the calls with our transport, one task a slot."""
    url, numbers = f"http://127.0.0.1:{port}/v1/chat/completions", iter(range(requests))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with HttpTransport(allow_private=True) as transport:

        async def slot() -> None:
            for number in numbers:
                answer = await transport.post(url, headers=headers, body=body_of(number))
                if answer.status != 200:
                    raise RuntimeError(answer.body.decode())
                json.loads(answer.body)

        await asyncio.gather(*(slot() for _ in range(in_flight)))


CLIENTS = {"raw": call_raw, "ours": call_ours}


def main(client: str, port: int, key: str, requests: int, in_flight: int = 64) -> None:
    """Make the calls and print {"wall_s", "cpu_s"} of the calling alone."""
    began, spent = time.perf_counter(), time.process_time()
    uvloop.run(CLIENTS[client](port, key, requests, in_flight))
    took = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent}
    sys.stdout.write(json.dumps(took) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], *map(int, sys.argv[4:]))
