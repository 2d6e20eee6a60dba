"""Providers that break answers, go away, or refuse the key: every item has its right outcome, none loses its result."""

from collections.abc import Iterator

import pytest

from tests.faults.faulty_provider import FAULTLESS, LASTING, FaultyProvider, fault_of, faulty_provider
from tests.machine import EXACT, IN_FLIGHT, ITEMS, RUN_S, Machine
from tests.provider import free_port, provider
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.both]

TIMEOUT_S, SHORT_TIMEOUT_S = 2.0, 0.6
PAUSED_WITHIN_S = 30
LANES_IN_FLIGHT = 16
LASTING_ITEMS = sum(fault_of(number) in LASTING for number in range(ITEMS))


@pytest.fixture
def faulty() -> Iterator[FaultyProvider]:
    """A provider that breaks its answers."""
    with faulty_provider() as faulty:
        yield faulty


def point_at(machine: Machine, url: str, *models: str, in_flight: int = IN_FLIGHT, **limits: float) -> None:
    """Let the experiment file name these models at this address."""
    local = {**machine.declared["providers"]["local"], "base_url": url, "max_in_flight": in_flight, **limits}
    candidates = [{"name": model, "provider": "local", "model": model} for model in models]
    machine.write({**machine.declared, "providers": {"local": local}, "candidates": candidates})


def outcomes(machine: Machine) -> dict[str, int]:
    """Return how many results of each outcome are stored."""
    return dict(machine.asked("SELECT outcome, count(*) FROM runs_result GROUP BY outcome"))


def test_five_in_a_hundred_of_every_fault_leave_every_item_its_right_outcome(
    machine: Machine, faulty: FaultyProvider
) -> None:
    point_at(machine, faulty.url, "faulty", in_flight=LANES_IN_FLIGHT, timeout_s=TIMEOUT_S)

    run = machine.run()
    said = run.communicate(timeout=RUN_S)[0]

    timed_out = machine.asked("SELECT id % 65536 FROM runs_result WHERE outcome = 'timeout' ORDER BY id")
    right = machine.asked("SELECT count(*) FROM scoring_score WHERE value = 1")
    assert outcomes(machine) == {"ok": ITEMS - LASTING_ITEMS, "timeout": LASTING_ITEMS}, said
    assert [number for (number,) in timed_out] == [n for n in range(ITEMS) if fault_of(n) in LASTING]
    assert right == [(ITEMS - LASTING_ITEMS,)]
    assert {faulty.asked["faulty", n] for n in range(ITEMS) if fault_of(n) and fault_of(n) not in LASTING} == {2}
    assert {faulty.asked["faulty", n] for n in range(ITEMS) if not fault_of(n) or fault_of(n) in LASTING} == {1}


@pytest.mark.faults
def test_faults_cost_little_time(machine: Machine) -> None:
    spans = {}
    for model in (FAULTLESS, "faulty"):
        with faulty_provider() as provider_of_model:
            point_at(machine, provider_of_model.url, model, in_flight=LANES_IN_FLIGHT, timeout_s=SHORT_TIMEOUT_S)
            machine.run().communicate(timeout=RUN_S)
            spans[model] = provider_of_model.span_s

    print(f"with faults {spans['faulty']:.1f} s, without {spans[FAULTLESS]:.1f} s:", end=" ")
    print(f"{spans['faulty'] / spans[FAULTLESS]:.2f} times as long")
    assert machine.results() == 2 * ITEMS


def test_provider_down_pauses_the_run_and_costs_no_item_its_result(machine: Machine) -> None:
    port = free_port()
    with provider(port=port) as simulator:
        point_at(machine, simulator.url, "slow", "wrong")
        machine.start("worker")
        machine.wait_for_host()
        machine.run("--detach").communicate(timeout=RUN_S)
        machine.wait_for_results(20)

    paused = "SELECT status_reason FROM runs_run WHERE status = 'paused'"
    wait_until(lambda: len(machine.asked(paused)) >= 1, PAUSED_WITHIN_S, "the pause")
    (reason,), *_ = machine.asked(paused)
    kept = outcomes(machine)

    with provider(port=port):
        again = machine.run()
        said = again.communicate(timeout=RUN_S)[0]

    assert "cannot be reached" in reason
    assert set(kept) == {"ok"}
    assert again.returncode == 0, said
    assert (machine.scores(), outcomes(machine)) == (EXACT, {"ok": 2 * ITEMS})


def test_wrong_key_stops_after_at_most_the_calls_in_flight(machine: Machine, faulty: FaultyProvider) -> None:
    machine.environment["SIMULATED_API_KEY"] = "the-key-of-somebody-else"
    point_at(machine, faulty.url, "clean")

    run = machine.run()
    said = run.communicate(timeout=RUN_S)[0]

    ((status, reason),) = machine.asked("SELECT status, status_reason FROM runs_run")
    assert 1 <= faulty.refused <= IN_FLIGHT
    assert (status, machine.results()) == ("paused", 0)
    assert reason.startswith("bad key"), said
    assert "somebody-else" not in said
