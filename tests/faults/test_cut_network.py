"""The network between a worker and its database is cut: no result is lost or doubled, and what was paid is booked."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.broken_line import BrokenLine, broken_line
from tests.machine import GOING_ON_S, IN_FLIGHT, ITEMS, START_S, Machine
from tests.processes import descendants
from tests.several_machines import (
    CALLING,
    REPEATED,
    begin_with_both,
    scored_right,
    slow_down,
    start_worker,
    wait_for_end,
    wait_for_hosts,
)
from tests.waiting import some_live, wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.processes]

PAID = "SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed IN ('yes', 'possibly')"
LANES = "SELECT pid FROM runs_lane WHERE kind = 'lane'"


@contextmanager
def worker_cut_off(machine: Machine) -> Iterator[tuple[BrokenLine, subprocess.Popen[str]]]:
    """A worker that works on a run with another one, and whose line to the database is cut; others took its work over.

    Gives the line, which heals when the block ends, and the worker.
    """
    parts = urlsplit(machine.database_url)
    options = dict(parse_qsl(parts.query))
    target = Path(options["host"]) / ".s.PGSQL.5432"
    slow_down(machine)
    start_worker(machine, "whole")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, broken_line(target, Path(folder)) as line:
        cut = parts._replace(query=urlencode({**options, "host": folder})).geturl()
        worker = start_worker(machine, "cut", DATABASE_URL=cut)
        wait_for_hosts(machine, 2)
        begin_with_both(machine)
        wait_until(lambda: len(machine.asked(CALLING)) == 2, START_S, "open calls that both lanes told of")

        line.cut()
        wait_until(lambda: len(machine.asked(LANES)) == 1, START_S, "the end of the lane that was cut off")
        machine.wait_for_results(min(2 * ITEMS, machine.results() + IN_FLIGHT), GOING_ON_S)
        yield line, worker


def ends_with_all_booked(machine: Machine) -> None:
    """Wait for the end, and until all that was paid for in vain is booked; compare the results."""
    wait_for_end(machine)
    repeated = machine.simulator.stats.requests - 2 * ITEMS
    wait_until(lambda: machine.asked(PAID)[0][0] >= repeated, START_S, "the booking of all that was paid in vain")

    ((booked,),) = machine.asked("SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed = 'possibly'")
    print(f"{repeated} calls made again, {booked} booked as possibly billed, {machine.asked(PAID)[0][0]} in all")
    assert 0 < booked <= IN_FLIGHT  # they were in flight when the line was cut
    assert scored_right(machine) == (2 * ITEMS, ITEMS, [])
    assert repeated <= REPEATED


def test_network_cut_between_a_worker_and_the_database_loses_and_doubles_nothing(machine: Machine) -> None:
    with worker_cut_off(machine) as (line, _):
        line.heal()
        wait_for_hosts(machine, 2)
        ends_with_all_booked(machine)


@pytest.mark.faults
def test_worker_that_ends_while_it_is_cut_off_books_its_answers_when_it_runs_again(machine: Machine) -> None:
    with worker_cut_off(machine) as (_, worker):
        of_it = descendants(worker.pid)
        worker.kill()
        wait_until(lambda: not some_live(of_it), START_S, "the end of the worker's processes")

    start_worker(machine, "cut")

    ends_with_all_booked(machine)
