"""A server in a thread that answers as a function says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Any = None


@dataclass(frozen=True)
class Answer:
    """What comes back: a JSON value, or bytes as they are; in pieces where it is streamed."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    pieces: tuple[bytes, ...] = ()


Api = Callable[[Asked], Answer]


class WireServer(ThreadingHTTPServer):
    """Answers, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self, api: Api) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.api = api
        self.asked: list[Asked] = []

    @property
    def url(self) -> str:
        """Where it is, without a last slash."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: WireServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self._answer(None)

    def do_POST(self) -> None:
        """Answer to a body."""
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    do_PUT = do_POST  # noqa: N815 - the standard library's name

    def _answer(self, body: Any) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, parts.query, headers, body)
        self.server.asked.append(asked)
        answer = self.server.api(asked)
        data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self._send(answer, answer.pieces or (data,))

    def _send(self, answer: Answer, pieces: tuple[bytes, ...]) -> None:
        kind = "text/event-stream" if answer.pieces else "application/json"
        self.send_response(answer.status)
        for name, value in {"Content-Type": kind, **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(sum(map(len, pieces))))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(api: Api) -> Iterator[WireServer]:
    """Serve while the block runs."""
    with WireServer(api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
