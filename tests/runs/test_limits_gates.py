"""Gates let in as many as they may, in order, and lose no place to a caller that is cancelled."""

import asyncio

import pytest

from runs.limits.allowance import Allowance
from runs.limits.gates import DOWN_AFTER_CALLS, Gate, Health
from runs.limits.meters import Meter
from tests.fakes import FakeClock


async def enter_noting(gate: Gate, name: str, entered: list[str]) -> None:
    """Enter a gate and note it."""
    await gate.enter()
    entered.append(name)


def callers(gate: Gate, names: str, entered: list[str]) -> list["asyncio.Task[None]"]:
    """Start a caller for each letter."""
    return [asyncio.create_task(enter_noting(gate, name, entered)) for name in names]


async def settle() -> None:
    """Let everything happen that can."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_gate_lets_in_as_many_as_its_limit() -> None:
    gate, entered = Gate(2), list[str]()
    tasks = callers(gate, "abc", entered)

    await settle()

    assert (entered, gate.open, gate.wanted) == (["a", "b"], 2, 3)
    tasks[2].cancel()


async def test_gate_lets_the_next_in_as_they_came() -> None:
    gate, entered = Gate(1), list[str]()
    callers(gate, "abc", entered)
    await settle()

    gate.leave()
    await settle()
    gate.leave()
    await settle()

    assert entered == ["a", "b", "c"]


async def test_gate_gives_nobody_the_place_of_those_who_wait() -> None:
    gate, entered = Gate(1), list[str]()
    callers(gate, "ab", entered)
    await settle()
    gate.leave()

    latecomer = callers(gate, "c", entered)[0]
    await settle()

    assert entered == ["a", "b"]
    latecomer.cancel()


async def test_gate_with_a_higher_limit_lets_more_in() -> None:
    gate, entered = Gate(0), list[str]()
    tasks = callers(gate, "abc", entered)
    await settle()

    gate.set_limit(2)
    await settle()

    assert (entered, gate.limit) == (["a", "b"], 2)
    tasks[2].cancel()


async def test_gate_with_a_lower_limit_waits_until_calls_end() -> None:
    gate, entered = Gate(2), list[str]()
    callers(gate, "abc", entered)
    await settle()

    gate.set_limit(1)
    gate.leave()
    await settle()
    inside = list(entered)
    gate.leave()
    await settle()

    assert (inside, entered) == (["a", "b"], ["a", "b", "c"])


async def test_gate_forgets_a_caller_cancelled_while_waiting() -> None:
    gate, entered = Gate(1), list[str]()
    tasks = callers(gate, "abc", entered)
    await settle()

    tasks[1].cancel()
    await settle()
    gate.leave()
    await settle()

    assert (entered, gate.open, gate.wanted) == (["a", "c"], 1, 1)


async def test_gate_passes_on_the_place_of_a_caller_cancelled_when_admitted() -> None:
    gate, entered = Gate(1), list[str]()
    tasks = callers(gate, "abc", entered)
    await settle()

    gate.leave()  # admits b, whose task has not run yet
    tasks[1].cancel()
    await settle()

    assert (entered, gate.open) == (["a", "c"], 1)


def allowance(number: int, calls: int, *, tokens: float = 0.0, begins_s: float = 0.0) -> Allowance:
    """Return an allowance of so many calls at once."""
    return Allowance(number, calls, tokens, begins_s, 0.0, begins_s)


async def test_gate_with_a_meter_lets_in_as_many_as_it_has() -> None:
    clock, entered = FakeClock(), list[str]()
    gate = Gate(8, clock)
    gate.set_meter(Meter())
    tasks = callers(gate, "abc", entered)
    await settle()
    before = list(entered)

    gate.allow(allowance(1, 2))
    await settle()

    assert (before, entered, gate.waiting) == ([], ["a", "b"], 1)
    tasks[2].cancel()


async def test_gate_lets_nobody_in_on_an_allowance_that_is_over() -> None:
    clock, entered = FakeClock(), list[str]()
    gate = Gate(8, clock)
    gate.allow(allowance(1, 2))
    clock.pass_by(1.0)

    tasks = callers(gate, "a", entered)
    await settle()

    assert entered == []
    assert gate.meter is not None
    assert [over.number for over in gate.meter.closed] == [1]
    tasks[0].cancel()


async def test_gate_names_the_allowance_that_a_call_is_of() -> None:
    gate = Gate(8, FakeClock())
    gate.allow(allowance(7, 1))

    assert await gate.enter() == 7


async def test_gate_that_is_held_lets_nobody_in_until_the_time_has_passed() -> None:
    clock, entered = FakeClock(), list[str]()
    gate = Gate(8, clock)
    gate.hold(30.0)
    callers(gate, "ab", entered)
    await settle()
    before = list(entered)

    clock.pass_by(30.0)
    gate.set_limit(8)
    await settle()

    assert (before, entered) == ([], ["a", "b"])


async def test_gate_carries_over_what_is_too_little_for_the_next_call() -> None:
    gate = Gate(8, FakeClock())
    gate.allow(allowance(1, 2, tokens=100.0))
    await gate.enter(tokens=80.0)
    gate.allow(allowance(2, 1, tokens=60.0))

    assert await gate.enter(tokens=70.0) == 2

    assert gate.meter is not None
    assert list(gate.meter.settled) == [(2, 1, 20)]


async def test_gate_lets_runs_take_turns() -> None:
    gate = Gate(0)
    order: list[int] = []

    async def enter(run_id: int) -> None:
        await gate.enter(run_id)
        order.append(run_id)

    tasks = [asyncio.create_task(enter(run_id)) for run_id in (1, 1, 1, 2, 2)]
    await settle()
    gate.set_limit(5)
    await asyncio.gather(*tasks)

    assert order == [1, 2, 1, 2, 1]


def test_health_is_down_after_twenty_in_a_row_over_two_seconds() -> None:
    clock = FakeClock()
    health = Health(clock)

    _ = [health.unreached() for _ in range(DOWN_AFTER_CALLS - 1)]
    clock.pass_by(2.0)
    before = health.is_down
    health.unreached()

    assert (before, health.is_down) == (False, True)


def test_health_of_one_burst_is_not_down() -> None:
    health = Health(FakeClock())

    _ = [health.unreached() for _ in range(64)]

    assert not health.is_down


@pytest.mark.parametrize("answers", [1, 5])
def test_health_with_an_answer_begins_anew(answers: int) -> None:
    clock = FakeClock()
    health = Health(clock)
    _ = [health.unreached() for _ in range(DOWN_AFTER_CALLS)]
    clock.pass_by(10.0)

    _ = [health.reached() for _ in range(answers)]
    _ = [health.unreached() for _ in range(DOWN_AFTER_CALLS - 1)]

    assert (health.is_down, health.answers) == (False, answers)
