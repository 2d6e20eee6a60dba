"""Every process of a site killed in the middle of runs: they go on within 15 s and end in the exact results."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import pytest

from tests.machine import EXACT, GOING_ON_S, ITEMS, REPEATED, RUN_S, START_S, Machine
from tests.processes import children, named
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.both]

Victim = Callable[[Machine, int], int]


def supervisor(machine: Machine, top: int) -> int:
    """Return `evalsite up` itself."""
    return top


def web(machine: Machine, top: int) -> int:
    """Return the process that serves pages."""
    return named(top, "web")


def queue(machine: Machine, top: int) -> int:
    """Return django-q2's main process."""
    return named(top, "cluster")


def sentinel(machine: Machine, top: int) -> int:
    """Return the process that starts django-q2's workers."""
    return children(queue(machine, top))[0]


def lane(machine: Machine, top: int) -> int:
    """Return the worker that works on the runs."""
    found = machine.asked("SELECT pid FROM runs_lane WHERE kind = 'lane'")
    return int(found[0][0]) if found else sentinel(machine, top)


def idle_worker(machine: Machine, top: int) -> int:
    """Return the worker that waits for a task, and so holds the lock of their queue."""
    workers = children(sentinel(machine, top))[:2]
    return next(pid for pid in workers if pid != lane(machine, top))


VICTIMS: list[Victim] = [supervisor, web, queue, sentinel, lane, idle_worker]


class Site:
    """A site under a supervisor that somebody starts again when it has gone."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.start()

    def start(self) -> None:
        """Start the site and return once its workers live."""
        self.process = self.machine.start("up", "--port", str(self.machine.port))
        self.machine.wait_for_host()

    def answers(self) -> bool:
        """Return whether its web process is well."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.machine.port}/healthz", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def kill(self, victim: Victim) -> None:
        """Kill one of its processes, as soon as it is there; one that ends by itself at this moment is no victim."""
        wait_until(lambda: self._killed(victim), START_S, victim.__name__)
        if self.process.poll() is not None:
            self.start()

    def _killed(self, victim: Victim) -> bool:
        pid = self._find(victim)
        if not pid:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        if pid == self.process.pid:
            self.process.wait()
        return True

    def _find(self, victim: Victim) -> int:
        """Return the process; 0: it was killed before and is not there again."""
        with suppress(ValueError, IndexError, StopIteration):
            return victim(self.machine, self.process.pid)
        return 0


@pytest.mark.faults
@pytest.mark.parametrize("victim", VICTIMS)
def test_process_killed_goes_on_and_ends_in_the_exact_results(machine: Machine, victim: Victim) -> None:
    site = Site(machine)
    run = machine.run()
    machine.wait_for_results(20)

    site.kill(victim)

    goes_on(machine)
    ends_exactly(machine, run, kills=1)
    wait_until(site.answers, GOING_ON_S, "the web process")


@pytest.mark.faults
@pytest.mark.parametrize("victim", [queue, sentinel])
def test_queue_that_is_stopped_while_its_lane_is_killed_goes_on(machine: Machine, victim: Victim) -> None:
    site = Site(machine)
    run = machine.run()
    machine.wait_for_results(20)
    pid = victim(machine, site.process.pid)

    os.kill(pid, signal.SIGSTOP)
    site.kill(lane)

    goes_on(machine)
    ends_exactly(machine, run, kills=2)  # the lane that came after it may go with its queue


@pytest.mark.parametrize("moments", [3, pytest.param(20, marks=pytest.mark.faults)])
def test_processes_killed_at_random_moments_end_in_the_exact_results(machine: Machine, moments: int) -> None:
    chance = random.Random(moments)
    site = Site(machine)
    run = machine.run("--detach")
    run.communicate(timeout=RUN_S)

    for part in range(moments):
        machine.wait_for_results(2 * ITEMS * part // (moments + 1) + 1, RUN_S)
        site.kill(chance.choice(VICTIMS))

    ends_exactly(machine, machine.run(), kills=moments)


def goes_on(machine: Machine) -> None:
    """Wait for more results than those of the calls that were open, and say how long that took."""
    began_s = time.monotonic()
    machine.wait_for_results(machine.results() + REPEATED, GOING_ON_S)
    print(f"going on after {time.monotonic() - began_s:.1f} s", end="; ")


def ends_exactly(machine: Machine, run: subprocess.Popen[str], *, kills: int) -> None:
    """Wait for the end and compare the results, the calls that the provider heard, and what is booked of them."""
    said = run.communicate(timeout=RUN_S)[0]
    ((booked,),) = machine.asked("SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed = 'possibly'")
    repeated = machine.simulator.stats.requests - 2 * ITEMS
    print(f"{kills} kills: {repeated} calls made again, {booked} booked as possibly billed")

    assert run.returncode == 0, said
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)
    assert repeated <= kills * REPEATED
    assert booked >= repeated
