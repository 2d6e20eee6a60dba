"""The whole site as processes: `evalsite up` and `evalsite worker`, how they start and how they end."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import descendants, named
from tests.waiting import some_live, wait_until

pytestmark = pytest.mark.processes

START_S = 90
END_S = 25
NOTICED_S = 45


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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that was never started."""
    site = Site(tmp_path / "data")
    yield site
    site.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_signal_ends_everything(site: Site, number: signal.Signals) -> None:
    process = site.up()
    pids = descendants(process.pid)

    process.send_signal(number)

    assert process.wait(timeout=END_S) == 0
    assert len(pids) >= 7
    assert not some_live(pids)
    assert not (site.data / "site.json").exists()


def test_up_killed_leaves_no_process(site: Site) -> None:
    process = site.up()
    pids = descendants(process.pid)

    process.kill()

    wait_until(lambda: not some_live(pids), END_S, "the end of the orphans")


def test_up_says_where_it_is_and_how_to_sign_in(site: Site) -> None:
    process = site.up()

    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=END_S)[0]

    assert said.startswith(f"Data: {site.data}\n")
    assert f"Evalsite is at {site.url}\n" in said
    assert re.search(rf"Sign in \(once, within 15 minutes\): {site.url}/sign-in/link/[\w-]{{43}}/\n", said)


def test_up_second_start_prepares_nothing(site: Site) -> None:
    first = site.up()
    first.send_signal(signal.SIGINT)
    said_first = first.communicate(timeout=END_S)[0]

    second = site.up()
    second.send_signal(signal.SIGINT)
    said_second = second.communicate(timeout=END_S)[0]

    assert "Bringing the database up to date" in said_first
    assert " ..." not in said_second


def test_up_taken_port_is_found_before_anything_is_made(site: Site) -> None:
    with socket.create_server(("127.0.0.1", site.port)):
        said, _ = site.start("up").communicate(timeout=START_S)

    assert site.commands[0].returncode == 1
    assert f"Port {site.port} of 127.0.0.1 is taken" in said
    assert not (site.data / "evalsite.sqlite3").exists()


def test_up_web_killed_is_started_anew(site: Site) -> None:
    process = site.up()
    web = named(process.pid, "web")

    os.kill(web, signal.SIGKILL)

    wait_until(lambda: not some_live([web]) and site.answers(), NOTICED_S, "the new web process")
    assert named(process.pid, "web") != web


def test_up_hung_queue_is_noticed_and_restarted(site: Site) -> None:
    process = site.up()
    cluster = named(process.pid, "cluster")

    subprocess.run(["kill", "-STOP", *map(str, descendants(cluster))], check=True)

    wait_until(lambda: not some_live([cluster]), NOTICED_S, "the end of the hung queue")
    before = site.beats()
    wait_until(lambda: site.beats() > before, NOTICED_S, "the next beat")


def test_worker_signal_ends_everything(site: Site) -> None:
    process = site.start("worker", "--lanes", "2")
    wait_until(lambda: len(descendants(process.pid)) >= 7, START_S, "the queue's processes")
    pids = descendants(process.pid)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=END_S) == 0
    assert not some_live(pids)


def test_worker_without_lanes_is_refused(site: Site) -> None:
    said, _ = site.start("worker", "--lanes", "0").communicate(timeout=START_S)

    assert site.commands[0].returncode == 2
    assert said.endswith("--lanes must be at least 1.\n")
