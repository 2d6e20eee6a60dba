"""Real processes killed in the middle of runs: what was done is kept, nothing is done twice, and the rest follows."""

import os
import signal

import pytest

from runs.lanes.suspects import GIVEN_UP, GIVEN_UP_AFTER
from tests.crashing_scorer import POISON
from tests.machine import EXACT, GOING_ON_S, ITEMS, REPEATED, RUN_S, START_S, Machine
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.both]

END_S = 25
POISONED = int(POISON.removeprefix("k"))


@pytest.mark.faults
def test_run_killed_three_times_ends_in_the_exact_results(machine: Machine) -> None:
    for_each_kill = [ITEMS // 4, ITEMS, ITEMS + ITEMS // 2]
    _ = [killed_at(machine, count) for count in for_each_kill]

    last = machine.run()
    said = last.communicate(timeout=RUN_S)[0]

    assert last.returncode == 0, said
    assert machine.scores() == EXACT
    assert machine.results() == 2 * ITEMS
    assert machine.simulator.stats.requests <= 2 * ITEMS + len(for_each_kill) * REPEATED


def killed_at(machine: Machine, count: int) -> None:
    """Run the file and kill the command once this many results are stored."""
    process = machine.run()
    machine.wait_for_results(count)
    process.kill()
    process.communicate(timeout=START_S)


@pytest.mark.faults
def test_run_interrupted_says_so_and_goes_on_when_run_again(machine: Machine) -> None:
    first = machine.run()
    machine.wait_for_results(20)
    first.send_signal(signal.SIGINT)
    said = first.communicate(timeout=START_S)[0]
    kept = machine.results()

    second = machine.run()
    second.communicate(timeout=RUN_S)

    assert (first.returncode, second.returncode) == (130, 0), said
    assert "The same command goes on" in said
    assert 20 <= kept < 2 * ITEMS
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)


@pytest.mark.faults
def test_run_again_after_the_end_makes_no_call(machine: Machine) -> None:
    machine.run().communicate(timeout=RUN_S)

    again = machine.run()
    again.communicate(timeout=RUN_S)

    assert (again.returncode, machine.simulator.stats.requests) == (0, 2 * ITEMS)


@pytest.mark.faults
def test_lane_of_a_worker_killed_goes_on_within_15_seconds(machine: Machine) -> None:
    machine.start("worker")
    machine.wait_for_host()
    run = machine.run()
    machine.wait_for_results(20)
    ((lane,),) = machine.asked("SELECT pid FROM runs_lane WHERE kind = 'lane'")

    os.kill(lane, signal.SIGKILL)
    machine.wait_for_results(machine.results() + REPEATED, GOING_ON_S)
    said = run.communicate(timeout=RUN_S)[0]

    assert run.returncode == 0, said
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)
    assert machine.simulator.stats.requests <= 2 * ITEMS + REPEATED


@pytest.mark.faults
def test_worker_killed_whole_leaves_its_runs_to_the_next(machine: Machine) -> None:
    first = machine.start("worker")
    machine.wait_for_host()
    machine.run("--detach").communicate(timeout=START_S)
    machine.wait_for_results(20)

    first.kill()
    first.communicate(timeout=START_S)
    machine.start("worker")

    machine.wait_for_results(2 * ITEMS, RUN_S)
    ended = "SELECT 1 FROM runs_run WHERE status = 'completed'"
    wait_until(lambda: len(machine.asked(ended)) == 2, GOING_ON_S, "the end of both runs")


def test_worker_told_to_end_leaves_nothing_open_and_the_next_goes_on(machine: Machine) -> None:
    first = machine.start("worker")
    machine.wait_for_host()
    machine.run("--detach").communicate(timeout=START_S)
    machine.wait_for_results(20)

    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=END_S)
    left = machine.asked("SELECT count(*) FROM runs_lane"), machine.asked("SELECT count(*) FROM runs_failedattempt")
    kept, asked = machine.results(), machine.simulator.stats.requests
    machine.start("worker")

    assert left == ([(0,)], [(0,)])
    assert 20 <= kept == asked < 2 * ITEMS
    machine.wait_for_results(2 * ITEMS, RUN_S)
    assert machine.simulator.stats.requests == 2 * ITEMS


@pytest.mark.faults
def test_item_that_crashes_its_worker_is_given_up_after_three_tries(machine: Machine) -> None:
    others = ITEMS - 1
    machine.environment["DJANGO_SETTINGS_MODULE"] = "tests.crashing_settings"
    scorers = [*machine.declared["scorers"], {"kind": "crashing", "name": "fragile", "weight": 0}]
    candidates = [one for one in machine.declared["candidates"] if one["name"] == "slow"]
    machine.write({**machine.declared, "scorers": scorers, "candidates": candidates})
    machine.start("worker")
    machine.wait_for_host()

    said = machine.run().communicate(timeout=2 * RUN_S)[0]

    outcomes = dict(machine.asked("SELECT outcome, count(*) FROM runs_result GROUP BY outcome"))
    errors = machine.asked("SELECT id % 65536, detail FROM runs_result WHERE outcome = 'runner_error'")
    right = machine.asked("SELECT count(*) FROM scoring_score WHERE value = 1")
    ((deaths,),) = machine.asked("SELECT max(crash_count) FROM runs_workunit")
    assert outcomes == {"ok": others, "runner_error": 1}, said
    assert errors == [(POISONED, GIVEN_UP)]
    assert right == [(2 * others,)]
    assert deaths == GIVEN_UP_AFTER
    assert machine.simulator.stats.requests <= ITEMS + deaths * REPEATED
