"""The whole site as processes, with a data directory of its own."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx

from tests.processes import descendants
from tests.waiting import wait_until

START_S = 90


class Site:
    """A command of the site with a data directory of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.commands = data, list[subprocess.Popen[str]]()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if name.isupper() and not name.startswith("EVALSITE")}
        self.environment = {**kept, "EVALSITE_DATA": str(data), "EVALSITE_LANES": "1", "PORT": str(self.port)}
        for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "HOST"):
            self.environment.pop(name, None)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; what it says goes to a pipe."""
        command = [sys.executable, "-m", "evalsite", *arguments]
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.commands.append(process)
        return process

    def up(self) -> subprocess.Popen[str]:
        """Start the site and return once it answers and its workers live."""
        process = self.start("up")
        wait_until(self.answers, START_S, "the site")
        wait_until(self.beats, START_S, "the first beat")
        return process

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Return whether the health check is well."""
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).json() == {"status": "ok"}
        except httpx.HTTPError:
            return False

    def beats(self) -> int:
        """Return how often the hosts that are there have beaten."""
        return self.number("SELECT coalesce(sum(beat), 0) FROM runs_lane WHERE kind = 'host'")

    def number(self, query: str) -> int:
        """Return the one number that a query of its database gives; 0 while there is nothing to ask."""
        with (
            contextlib.suppress(sqlite3.OperationalError),
            sqlite3.connect(f"file:{self.data}/evalsite.sqlite3?mode=ro", uri=True) as database,
        ):
            return database.execute(query).fetchone()[0]
        return 0

    def end(self) -> None:
        """Kill what a failed test has left."""
        for process in self.commands:
            pids = descendants(process.pid)
            process.kill()
            process.communicate()
            for pid in pids:
                subprocess.run(["kill", "-KILL", str(pid)], stderr=subprocess.DEVNULL, check=False)
