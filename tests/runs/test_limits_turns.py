"""Runs take turns; the callers of each come in their order."""

import asyncio

from runs.limits.turns import Caller, Turns


def turns_of(*run_ids: int) -> tuple[Turns, list[Caller]]:
    """Return a queue with a caller of each of these runs, added in this order."""
    loop = asyncio.get_running_loop()
    callers = [Caller(run_id, 10.0, loop.create_future()) for run_id in run_ids]
    turns = Turns()
    for caller in callers:
        turns.add(caller)
    return turns, callers


async def test_turns_go_round_the_runs() -> None:
    turns, _ = turns_of(1, 1, 1, 1, 2, 2, 3)

    assert [turns.take().run_id for _ in range(7)] == [1, 2, 3, 1, 2, 1, 1]


async def test_turns_keep_the_order_within_a_run() -> None:
    turns, callers = turns_of(1, 2, 1)

    assert [turns.take(), turns.take(), turns.take()] == callers


async def test_turns_without_a_caller_that_went() -> None:
    turns, callers = turns_of(1, 2, 1)

    assert turns.remove(callers[0])

    assert not turns.remove(callers[0])
    assert (len(turns), turns.tokens) == (2, 20.0)
    assert [turns.take(), turns.take()] == [callers[2], callers[1]]


async def test_turns_without_callers_have_no_first() -> None:
    turns, callers = turns_of(1)

    assert turns.first() is callers[0]
    turns.take()
    assert (turns.first(), len(turns)) == (None, 0)
