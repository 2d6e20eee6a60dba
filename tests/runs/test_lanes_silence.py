"""While the database is silent no call begins; those that wait begin when it is heard again."""

import asyncio

from runs.lanes.silence import LOOK_EVERY_S, hold_while_silent
from runs.limits.gates import Gate


async def test_no_call_begins_while_the_database_is_silent_and_those_that_wait_begin_afterwards() -> None:
    silences, gate = [2.0], Gate(limit=1)
    holding = asyncio.create_task(hold_while_silent(lambda: silences[-1], lambda: [gate]))
    await asyncio.sleep(0)

    entering = asyncio.create_task(gate.enter())
    begun, _ = await asyncio.wait([entering], timeout=4 * LOOK_EVERY_S)
    silences.append(0.0)
    await asyncio.wait_for(entering, timeout=20)
    holding.cancel()

    assert (begun, gate.open) == (set(), 1)


async def test_silence_of_less_than_a_second_holds_nobody() -> None:
    gate = Gate(limit=1)
    holding = asyncio.create_task(hold_while_silent(lambda: 0.9, lambda: [gate]))
    await asyncio.sleep(0)

    await asyncio.wait_for(gate.enter(), timeout=20)
    holding.cancel()

    assert gate.open == 1
