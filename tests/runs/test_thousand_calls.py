"""Pause, cancel and timeouts with a thousand calls open: what waits ends at once, no slot is held beyond its time."""

import asyncio

import pytest

from runs.calls import CallPort, Limits
from runs.exchange import Request
from runs.execution import Job, RunWork, Stage, UnitWork
from runs.lanes.claims import CANCELLED, PAUSED, HeldUnit
from runs.lanes.pipeline import Pipeline
from runs.lanes.tallies import Tally
from runs.lines import ProviderLine
from tests.fakes import FakeClock, HangingRunner, line_to
from tests.runs.jobs import a_case

CALLS = 1000


class Calling(Stage):
    """Calls a provider that never answers."""

    name = "calling"

    def __init__(self, line: ProviderLine, limits: Limits) -> None:
        self._line, self._limits = line, limits
        self._port = CallPort(lambda job, reason: None, lambda line, reason: None)

    async def __call__(self, job: Job) -> bool:
        """Make the call."""
        return await self._port.complete(job, self._line, Request("m", [], {}), self._limits) is not None


class Lane:
    """A thousand calls at a provider that hangs, half of them open, and what becomes of them."""

    def __init__(self, limit: int = CALLS // 2, timeout_s: float = 300.0) -> None:
        self.line = line_to(HangingRunner(), FakeClock(), limit=limit)
        self.run = RunWork(run_id=5, cases=CALLS, config={})
        self.unit = UnitWork(unit_id=9)
        self.stored: list[Job] = []
        self.given_up: list[Job] = []
        stages = [Calling(self.line, Limits(timeout_s=timeout_s))]
        self.are_all_stored = asyncio.Event()
        self.pipeline = Pipeline(
            stages, store=self._store, give_up=self.given_up.append, unit_idle=lambda unit_id: None
        )

    def _store(self, job: Job) -> None:
        self.stored.append(job)
        if len(self.stored) == CALLS:
            self.are_all_stored.set()

    async def start(self) -> None:
        """Start the jobs and come back when each of them calls, waits for its turn or has ended."""
        cases = {ordinal: a_case(ordinal) for ordinal in range(CALLS)}
        self.pipeline.start(self.run, HeldUnit(self.unit, 5, 1, 0, set(cases), Tally(), cases))
        while self.line.gate.open + self.line.gate.waiting + len(self.stored) < CALLS:  # noqa: ASYNC110 - turns of the loop
            await asyncio.sleep(0)


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(8):
        await asyncio.sleep(0)


async def test_cancel_closes_a_thousand_calls_at_once() -> None:
    lane = Lane(limit=CALLS)
    await lane.start()
    opened = lane.line.gate.open

    lane.pipeline.halt(5, CANCELLED)
    await settle()

    assert (opened, lane.line.gate.open, lane.pipeline.jobs) == (CALLS, 0, 0)
    assert {attempt.billed for job in lane.given_up for attempt in job.attempts} == {"possibly"}
    assert len(lane.given_up) == CALLS


async def test_pause_lets_no_call_that_waits_begin_and_keeps_those_that_are_open() -> None:
    lane = Lane()
    await lane.start()

    lane.pipeline.halt(5, PAUSED)
    await settle()
    lane.line.gate.set_limit(CALLS)
    await settle()

    assert (lane.line.gate.open, lane.line.gate.waiting, lane.pipeline.jobs) == (CALLS // 2, 0, CALLS // 2)
    await lane.pipeline.end()


@pytest.mark.parametrize("limit", [CALLS, CALLS // 2])
async def test_hung_calls_hold_no_slot_beyond_their_time(limit: int) -> None:
    lane = Lane(limit=limit, timeout_s=0.05)
    await lane.start()

    async with asyncio.timeout(30):
        await lane.are_all_stored.wait()

    assert (lane.line.gate.open, lane.unit.open_calls) == (0, 0)
    assert {job.outcome for job in lane.stored} == {"timeout"}
    assert len(lane.stored) == CALLS
