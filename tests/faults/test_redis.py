"""Redis hangs, goes and comes back empty: runs go on and begin, the site says what is wrong, no call is made twice."""

import time

import httpx
import pytest

from tests.machine import EXACT, GOING_ON_S, ITEMS, RUN_S, Machine
from tests.processes import named
from tests.redis_server import redis_server
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults]

AWAY_S = 12  # longer than the watcher lets a queue stand still


def readiness(machine: Machine) -> tuple[int, str]:
    """Return what the site says of itself."""
    answer = httpx.get(f"http://127.0.0.1:{machine.port}/readyz", timeout=RUN_S)
    return answer.status_code, answer.text


def test_redis_that_hangs_and_dies_stops_no_run_and_restarts_no_queue(machine: Machine) -> None:
    with redis_server() as redis:
        machine.environment |= {"EVALSITE_BROKER": "redis", "REDIS_URL": redis.url}
        site = machine.start("up", "--port", str(machine.port))
        machine.wait_for_host()
        before, queue = readiness(machine), named(site.pid, "cluster")

        redis.hang()
        run = machine.run()
        machine.wait_for_results(20, GOING_ON_S)
        silent = readiness(machine)
        redis.kill()
        time.sleep(AWAY_S)
        wait_until(lambda: readiness(machine)[0] == 503, GOING_ON_S, "the word of the queue")
        said = run.communicate(timeout=RUN_S)[0]
        redis.start()
        wait_until(lambda: readiness(machine) == before, GOING_ON_S, "the queue")

        assert (run.returncode, before) == (0, (200, "ready\n")), said
        assert silent[0] == 503
        assert "Redis does not answer" in silent[1]
        assert named(site.pid, "cluster") == queue
        assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)
        assert machine.simulator.stats.requests == 2 * ITEMS
