"""The database goes away, or its disk is full: runs wait, the reason is said, and they go on by themselves."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import postgres_server
from tests.machine import EXACT, GOING_ON_S, ITEMS, REPEATED, RUN_S, Machine, machine_with
from tests.provider import provider
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

AWAY_S = 20
SILENT_S, END_S = 3, 25
SMALL = "40m"
IN_SLOW_MOTION = {"slow": "slower", "wrong": "slower_wrong"}  # it must not end before the disk is full


@pytest.mark.postgres
def test_postgres_stopped_for_20_seconds_costs_nothing(tmp_path: Path) -> None:
    with (
        provider() as simulator,
        postgres_server.own_server() as server,
        machine_with(tmp_path, simulator, server.get_uri()) as machine,
    ):
        machine.start("worker")
        machine.wait_for_host()
        machine.run("--detach").communicate(timeout=RUN_S)
        machine.wait_for_results(20)

        server.stop()
        time.sleep(AWAY_S)
        server.start()

        machine.wait_for_results(2 * ITEMS, GOING_ON_S + RUN_S)
        last = machine.run()
        said = last.communicate(timeout=RUN_S)[0]
        requests = simulator.stats.requests
        print(f"{requests - 2 * ITEMS} calls made again")

    assert last.returncode == 0, said
    assert machine.scores() == EXACT
    assert requests <= 2 * ITEMS + REPEATED


@pytest.mark.postgres
def test_worker_told_to_end_while_postgres_is_away_ends_soon_and_loses_nothing(tmp_path: Path) -> None:
    with (
        provider() as simulator,
        postgres_server.own_server() as server,
        machine_with(tmp_path, simulator, server.get_uri()) as machine,
    ):
        worker = machine.start("worker")
        machine.wait_for_host()
        machine.run("--detach").communicate(timeout=RUN_S)
        machine.wait_for_results(20)

        server.stop()
        time.sleep(SILENT_S)
        told_at = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=END_S)
        took_s = time.monotonic() - told_at
        server.start()
        kept = machine.results()

        last = machine.run()
        said = last.communicate(timeout=RUN_S)[0]
        requests = simulator.stats.requests
        ((booked,),) = machine.asked("SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed = 'possibly'")
        print(
            f"ended after {took_s:.1f} s; {requests - 2 * ITEMS} calls made again, {booked} booked as possibly billed"
        )

    assert last.returncode == 0, said
    assert (machine.scores(), kept < 2 * ITEMS) == (EXACT, True)
    assert requests - 2 * ITEMS <= min(REPEATED, booked)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a folder on a file system of its own that is soon full."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on a disk; return the file to be removed."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            pass
    return ballast


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_disk_full_makes_the_run_wait_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with (
        provider() as simulator,
        small_disk(tmp_path / "disk") as disk,
        machine_with(disk, simulator) as machine,
        httpx.Client(timeout=GOING_ON_S, follow_redirects=True) as site,
    ):
        machine.environment["TMPDIR"] = str(tmp_path)
        slower = [{**one, "model": IN_SLOW_MOTION[one["name"]]} for one in machine.declared["candidates"]]
        machine.write({**machine.declared, "candidates": slower})
        machine.start("up", "--port", str(machine.port))
        machine.wait_for_host()
        reader = Reader(machine, site)
        machine.run("--detach").communicate(timeout=RUN_S)
        machine.wait_for_results(20)

        ballast = fill(disk)
        wait_until(lambda: stands_still(machine), RUN_S, "the standstill")
        wait_until(lambda: reader.hears_of("disk is full"), GOING_ON_S, "the reason")
        kept, pages = machine.results(), reader.pages()
        ballast.unlink()

        machine.wait_for_results(2 * ITEMS, GOING_ON_S + RUN_S)
        last = machine.run()
        said = last.communicate(timeout=RUN_S)[0]
        checked = machine.asked("PRAGMA integrity_check")
        print(f"full at {kept} results; {simulator.stats.requests - 2 * ITEMS} calls made again")
        scores = machine.scores()

    assert last.returncode == 0, said
    assert (scores, checked) == (EXACT, [("ok",)])
    assert 20 <= kept < 2 * ITEMS
    assert ["disk is full" in page for page in pages] == [True] * 5
    assert simulator.stats.requests <= 2 * ITEMS + REPEATED


class Reader:
    """Somebody who has signed in, and reads why the runs wait."""

    def __init__(self, machine: Machine, site: httpx.Client) -> None:
        self._site = site
        link = machine.start("sign-in-link").communicate(timeout=RUN_S)[0].split()[-1].split("/", 3)[-1]
        self._token = machine.start("create-token").communicate(timeout=RUN_S)[0].split()[-1]
        self._root = f"http://127.0.0.1:{machine.port}"
        self._page(f"/{link}")
        self._site.post(f"{self._root}/{link}", data={"csrfmiddlewaretoken": self._site.cookies["csrftoken"]})

    def hears_of(self, words: str) -> bool:
        """Return whether the API says so of a run, in its list and of itself."""
        runs = self._api("runs/")["items"]
        said = [run["status_reason"] for listed in runs for run in (listed, self._api(f"runs/{listed['id']}/"))]
        return bool(said) and all(words in reason for reason in said)

    def pages(self) -> list[str]:
        """Return Home, and the page and the board of each run."""
        runs = self._api("runs/")["items"]
        boards = [f"/experiments/{run['experiment_id']}/" for run in runs]
        return [self._page(address) for address in ["/", *boards, *(f"/runs/{run['id']}/" for run in runs)]]

    def _api(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._site.get(f"{self._root}/api/v1/{path}", headers=headers).raise_for_status().json()

    def _page(self, address: str) -> str:
        return self._site.get(f"{self._root}{address}").raise_for_status().text


def stands_still(machine: Machine) -> bool:
    """Return whether no result comes in two seconds."""
    before = machine.results()
    time.sleep(2)
    return machine.results() == before
