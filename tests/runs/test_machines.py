"""Several machines: worker hosts as processes of their own on one PostgreSQL, woken through Redis or the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import EXACT, GOING_ON_S, ITEMS, RUN_S, START_S, Machine, machine_beside_provider
from tests.redis_server import redis_server
from tests.several_machines import (
    REPEATED,
    begin_with_both,
    scored_right,
    slow_down,
    start_worker,
    wait_for_end,
    wait_for_hosts,
)

pytestmark = [pytest.mark.postgres, pytest.mark.processes]


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


def test_workers_woken_through_redis_do_a_run_together(machine: Machine, redis: str) -> None:
    slow_down(machine)
    _ = [start_worker(machine, name) for name in ("one", "two")]
    wait_for_hosts(machine, 2)

    begin_with_both(machine)
    run = machine.run()
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
