"""A small OpenAI-compatible server in a thread: every model answers with its own name and what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelServer(ThreadingHTTPServer):
    """Answers, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[dict[str, Any]] = []
        self.models = ["alpha", "beta", "gamma"]
        self.key = ""
        """The only key that lists the models; "": they are listed for anybody."""

    @property
    def url(self) -> str:
        """The base URL for providers."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a chat completion: the model's name and the last message."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(asked)
        text = f"{asked['model']}: {asked['messages'][-1]['content']}"
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        self._answer({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})

    def do_GET(self) -> None:
        """Answer with the models."""
        if self.server.key and self.headers["Authorization"] != f"Bearer {self.server.key}":
            return self._answer({"error": {"message": "Incorrect API key"}}, 401)
        return self._answer({"data": [{"id": name} for name in self.server.models]})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Have a server while the context lasts."""
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
