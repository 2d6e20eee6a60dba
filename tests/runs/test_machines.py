"""Several machines: worker hosts as processes of their own on one PostgreSQL, woken through Redis or the database."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from runs.lanes.pipeline import CALLS_TO_RESULTS, FIRST_RESULTS
from tests.broken_line import broken_line
from tests.machine import GOING_ON_S, IN_FLIGHT, ITEMS, RUN_S, START_S, Machine, machine_beside_provider
from tests.redis_server import redis_server
from tests.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.processes]

EXACT = {"slow": (1.0, ITEMS, ITEMS), "wrong": (0.0, ITEMS, ITEMS)}
REPEATED = max(FIRST_RESULTS, CALLS_TO_RESULTS * IN_FLIGHT) + IN_FLIGHT  # answers that wait to be stored, open calls
HOSTS = "SELECT 1 FROM runs_lane WHERE kind = 'host' AND beat > 0"
IN_SLOW_MOTION = {"slow": "slower", "wrong": "slower_wrong"}  # 10 s until the first host has claimed everything
DOUBLED = "SELECT result_id FROM scoring_score GROUP BY result_id HAVING count(*) > 1"
CALLING = "SELECT lane_id FROM runs_workunit WHERE open_calls > 0 GROUP BY lane_id"
PAID = "SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed IN ('yes', 'possibly')"
LANES = "SELECT pid FROM runs_lane WHERE kind = 'lane'"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine beside a simulated provider, on a database of its own."""
    with machine_beside_provider(tmp_path) as machine:
        yield machine


@pytest.fixture
def redis(machine: Machine) -> Iterator[str]:
    """A real Redis that the machine's commands wake each other through; its URL."""
    with redis_server() as server:
        machine.environment |= {"EVALSITE_BROKER": "redis", "REDIS_URL": server.url}
        yield server.url


def start_worker(machine: Machine, name: str, **environment: str) -> subprocess.Popen[str]:
    """Start a worker with one lane that takes itself for a machine of this name, with a disk of its own."""
    whole = machine.environment
    named = {"DJANGO_SETTINGS_MODULE": "tests.machine_settings", "MACHINE_NAME": name}
    named["EVALSITE_DATA"] = str(machine.folder / name)
    machine.environment = {**whole, **named, **environment}
    worker = machine.start("worker", "--lanes", "1")
    machine.environment = whole
    return worker


def slow_down(machine: Machine) -> None:
    """Give the run enough time for the second host to take a share in it."""
    slower = [{**one, "model": IN_SLOW_MOTION[one["name"]]} for one in machine.declared["candidates"]]
    machine.write({**machine.declared, "candidates": slower})


def wait_for_hosts(machine: Machine, count: int) -> None:
    """Return once this many workers beat."""
    wait_until(lambda: len(machine.asked(HOSTS)) == count, START_S, f"{count} hosts")


def begin_with_both(machine: Machine) -> None:
    """Start the run and return once two hosts make calls for it: until then it takes minutes, whoever comes late."""
    declared = machine.declared
    narrow = {**declared["providers"]["local"], "max_in_flight": 2}
    machine.write({**declared, "providers": {"local": narrow}})
    machine.run("--detach").communicate(timeout=START_S)
    wait_until(lambda: len(machine.asked(CALLING)) == 2, START_S, "calls of both lanes")
    machine.write(declared)
    machine.run("--detach").communicate(timeout=START_S)


def wait_for_end(machine: Machine) -> None:
    """Return once both runs are completed."""
    ended = "SELECT 1 FROM runs_run WHERE status = 'completed'"
    wait_until(lambda: len(machine.asked(ended)) == 2, RUN_S, "the end of both runs")


def scored_right(machine: Machine) -> tuple[int, int, list[tuple[int]]]:
    """Return how many results there are, how many scores say right, and the results that were scored twice."""
    ((right,),) = machine.asked("SELECT count(*) FROM scoring_score WHERE value = 1")
    return machine.results(), right, machine.asked(DOUBLED)


def test_workers_woken_through_redis_do_a_run_together(machine: Machine, redis: str) -> None:
    slow_down(machine)
    _ = [start_worker(machine, name) for name in ("one", "two")]
    wait_for_hosts(machine, 2)

    run = machine.run()
    wait_until(lambda: len(machine.asked(LANES)) == 2, START_S, "a lane of each host")
    said = run.communicate(timeout=RUN_S)[0]

    assert run.returncode == 0, said
    assert machine.scores() == EXACT
    assert scored_right(machine) == (2 * ITEMS, ITEMS, [])
    assert machine.simulator.stats.requests == 2 * ITEMS
    assert machine.asked("SELECT 1 FROM django_q_ormq") == []


def test_task_that_redis_lost_with_its_worker_is_made_up_for_by_the_watcher(machine: Machine, redis: str) -> None:
    first = start_worker(machine, "one")
    machine.wait_for_host()
    machine.run("--detach").communicate(timeout=START_S)
    machine.wait_for_results(20)
    first.kill()
    first.communicate(timeout=START_S)
    kept = machine.results()

    start_worker(machine, "two")
    machine.wait_for_results(kept + REPEATED, GOING_ON_S + START_S)
    wait_for_end(machine)

    assert scored_right(machine) == (2 * ITEMS, ITEMS, [])
    assert machine.simulator.stats.requests <= 2 * ITEMS + REPEATED


def test_network_cut_between_a_worker_and_the_database_loses_and_doubles_nothing(machine: Machine) -> None:
    parts = urlsplit(machine.database_url)
    options = dict(parse_qsl(parts.query))
    target = Path(options["host"]) / ".s.PGSQL.5432"
    slow_down(machine)
    start_worker(machine, "whole")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, broken_line(target, Path(folder)) as line:
        cut = parts._replace(query=urlencode({**options, "host": folder})).geturl()
        start_worker(machine, "cut", DATABASE_URL=cut)
        wait_for_hosts(machine, 2)
        begin_with_both(machine)

        line.cut()
        wait_until(lambda: len(machine.asked(LANES)) == 1, START_S, "the end of the lane that was cut off")
        machine.wait_for_results(min(2 * ITEMS, machine.results() + IN_FLIGHT), GOING_ON_S)
        line.heal()
        wait_for_end(machine)
        wait_for_hosts(machine, 2)
        repeated = machine.simulator.stats.requests - 2 * ITEMS
        wait_until(
            lambda: machine.asked(PAID)[0][0] >= repeated, GOING_ON_S, "the booking of all that was paid in vain"
        )

    ((booked,),) = machine.asked("SELECT coalesce(sum(count), 0) FROM runs_failedattempt WHERE billed = 'possibly'")
    print(f"{repeated} calls made again, {booked} booked as possibly billed, {machine.asked(PAID)[0][0]} in all")
    assert 0 < booked <= IN_FLIGHT  # they were in flight when the line was cut
    assert scored_right(machine) == (2 * ITEMS, ITEMS, [])
    assert repeated <= REPEATED
