"""How many requests a second the simulator answers on one core.

    python benchmarks/simulator_rate.py [--requests 100000] [--connections 64]

Starts `evalsite simulator` in a process of its own on a directory of its own, and asks the model sim-instant (no
latency, no faults) for one-line sums over kept-alive connections from a raw asyncio protocol, which costs less than
what is measured. Prints one JSON object: requests a second, and the server's CPU microseconds per request (the figure
to rely on where the machine is shared). Every answer's status is looked at; one that is no 200 ends the measurement.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

import httpx
import uvloop

PATIENCE_S = 20.0


def request_bytes(key: str, number: int) -> bytes:
    """Return one whole request, of about the size that a client of ours sends."""
    prompt = f"{number}+{number + 1}=? Answer with the number alone."
    body = json.dumps({"model": "sim-instant", "messages": [{"role": "user", "content": prompt}], "temperature": 0})
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
        f"Authorization: Bearer {key}\r\nX-Evalsite-Sample: 0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


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
            self._transport.write(request_bytes(self._key, self._numbers.pop()))
        else:
            self._transport.close()
            self._done.set_result(None)


async def ask(port: int, key: str, requests: int, connections: int) -> float:
    """Return the seconds that all requests took."""
    loop = asyncio.get_running_loop()
    numbers = list(range(requests))
    began, waiting = time.perf_counter(), []
    for _ in range(connections):
        done = loop.create_future()
        waiting.append(done)
        await loop.create_connection(lambda done=done: Caller(key, numbers, done), "127.0.0.1", port)
    await asyncio.gather(*waiting)
    return time.perf_counter() - began


def address_in(folder: Path, server: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Return port and key of the simulator that keeps its address in `folder`, once it does."""
    until = time.monotonic() + PATIENCE_S
    while not (file := folder / "simulator.json").exists():
        if server.poll() is not None or time.monotonic() > until:
            raise SystemExit("the simulator did not start")
        time.sleep(0.05)
    found = json.loads(file.read_text())
    return int(found["url"].rsplit(":", 1)[1].partition("/")[0]), found["key"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "EVALSITE_DATA": folder, "EVALSITE_SECRET_KEY": "measuring"}
        command = [sys.executable, "-m", "evalsite", "simulator", "--quiet"]
        server = subprocess.Popen(command, env=environment)  # noqa: S603 - this very installation
        try:
            port, key = address_in(Path(folder), server)
            site = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"})
            site.post("/reset")
            seconds = uvloop.run(ask(port, key, options.requests, options.connections))
            stats = site.get("/stats").json()
        finally:
            server.terminate()
            server.wait()
    found = {
        "requests": stats["requests"],
        "requests_per_s": round(options.requests / seconds),
        "server_cpu_us_per_request": round(stats["cpu_s"] * 1e6 / options.requests, 1),
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
