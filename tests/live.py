"""The site served from a thread of the tests, for browsers and for clients that speak real HTTP."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

START_LIMIT_S = 20


@contextlib.contextmanager
def served_site() -> Iterator[str]:
    """Serve the site on a free port of 127.0.0.1 while the block runs; gives its address without a last slash."""
    from evalsite.asgi import application

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, lifespan="off", log_level="warning", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="site", daemon=True)
    thread.start()
    try:
        _wait_for_start(server, thread)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=START_LIMIT_S)
        listener.close()


def _wait_for_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + START_LIMIT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("The site did not start in its thread.")
        time.sleep(0.01)
