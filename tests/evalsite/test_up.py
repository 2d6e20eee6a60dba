"""The whole site as processes: `evalsite up` and `evalsite worker`, how they start and how they end."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import descendants, named
from tests.running_site import START_S, Site
from tests.waiting import some_live, wait_until

pytestmark = pytest.mark.processes

END_S = 25
NOTICED_S = 45


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
