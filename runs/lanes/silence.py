"""A database that is silent: others may take a lane's units over, and would make each call as well that begins now."""

import asyncio
from collections.abc import Callable, Collection

from runs.limits.gates import Gate

CUT_OFF_AFTER_S = 1.0
LOOK_EVERY_S = 0.2


async def hold_while_silent(silent_s: Callable[[], float], gates: Callable[[], Collection[Gate]]) -> None:
    """Let no call begin while the database has been silent for a second; until cancelled."""
    while True:
        if silent_s() >= CUT_OFF_AFTER_S:
            for gate in gates():
                gate.hold(2 * LOOK_EVERY_S)
        await asyncio.sleep(LOOK_EVERY_S)
