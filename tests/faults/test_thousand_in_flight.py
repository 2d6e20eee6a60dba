"""Cancel and pause pressed over HTTP with a thousand calls open: what the provider sees of it and what is booked."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.slow_provider import SlowProvider, slow_provider
from tests.machine import GOING_ON_S, ITEMS, RUN_S, START_S, Machine
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.faults, pytest.mark.both]

CALLS, TRIALS = 1000, 10
FOLLOWING = 100  # calls that began one after the other as others ended: more would begin at the moment of the press
LONG_S, SHORT_S = 60.0, 4.0


@pytest.fixture
def slow(request: pytest.FixtureRequest) -> Iterator[SlowProvider]:
    """A provider of the latency that the test names."""
    with slow_provider(request.param) as slow:
        yield slow


def with_thousand_open(machine: Machine, slow: SlowProvider) -> httpx.Client:
    """Start a site and a run of 3,000 calls; return a client of its API once a thousand of them are open."""
    local = {**machine.declared["providers"]["local"], "base_url": slow.url, "max_in_flight": CALLS}
    candidates = [{"name": "slow", "provider": "local", "model": "slow"}]
    machine.write({**machine.declared, "providers": {"local": local}, "candidates": candidates, "trials": TRIALS})
    machine.start("up", "--port", str(machine.port))
    machine.wait_for_host()
    token = machine.start("create-token").communicate(timeout=START_S)[0].splitlines()[-1]
    machine.run("--detach").communicate(timeout=RUN_S)
    wait_until(lambda: slow.open_count == CALLS, START_S, "a thousand open calls")
    return httpx.Client(
        base_url=f"http://127.0.0.1:{machine.port}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=RUN_S
    )


def pressed(client: httpx.Client, button: str) -> tuple[float, int]:
    """Press a button of the only run; return when, and how it was answered."""
    (run,) = client.get("runs/").json()["items"]
    at = time.monotonic()
    return at, client.post(f"runs/{run['id']}/{button}/").status_code


@pytest.mark.parametrize("slow", [LONG_S], indirect=True)
def test_cancel_cuts_a_thousand_calls_off_and_books_them(machine: Machine, slow: SlowProvider) -> None:
    with with_thousand_open(machine, slow) as client:
        at, status = pressed(client, "cancel")
        wait_until(lambda: slow.open_count == 0, GOING_ON_S, "the end of the calls")

    print(f"the last of {slow.asked} calls was cut off {slow.cut_at - at:.2f} s after cancel was pressed")
    booked = "SELECT sum(count) FROM runs_failedattempt WHERE billed = 'possibly'"
    wait_until(lambda: machine.asked(booked) == [(CALLS,)], GOING_ON_S, "the attempts")
    assert (status, slow.asked, machine.results()) == (200, CALLS, 0)


@pytest.mark.parametrize("slow", [SHORT_S], indirect=True)
def test_pause_lets_no_call_begin_and_stores_those_that_are_open(machine: Machine, slow: SlowProvider) -> None:
    with with_thousand_open(machine, slow) as client:
        wait_until(lambda: slow.asked > CALLS + FOLLOWING, GOING_ON_S, "the next calls")
        at, status = pressed(client, "pause")
        wait_until(lambda: slow.open_count == 0, GOING_ON_S, "the end of the calls")

    print(f"the last of {slow.asked} calls began {slow.begun_at - at:.2f} s after pause was pressed")
    machine.wait_for_results(slow.asked, GOING_ON_S)
    assert status == 200
    assert machine.asked("SELECT count(*) FROM runs_failedattempt") == [(0,)]
    assert CALLS + FOLLOWING < slow.asked < TRIALS * ITEMS
