"""A lane: one process's event loop that works on the units of all runnable runs.

What its database thread does for it is in `holdings`.
"""

import asyncio
import gc
import logging
import os
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from runs.calls import CallPort
from runs.event_loop import run_in_loop
from runs.execution import Job
from runs.lanes.bookkeeping import Bookkeeper
from runs.lanes.claims import HeldUnit
from runs.lanes.flushing import Flusher
from runs.lanes.heartbeat import Pulse
from runs.lanes.holdings import Holdings
from runs.lanes.journal import Journal, sweep
from runs.lanes.notes import Notes
from runs.lanes.pipeline import CALLS_TO_RESULTS, FIRST_RESULTS, MOST_RESULTS, Pipeline
from runs.lanes.silence import hold_while_silent
from runs.lanes.sink import LaneGone, Sink
from runs.lanes.stopping import is_told
from runs.lanes.supplies import LaneSupplies
from runs.limits.gates import Gate
from runs.lines import ProviderLine
from runs.models import Lane, LaneKind
from runs.reuse import Reuse, look_up
from runs.traces.spans import flush_traces, traced
from runs.transport import HttpTransport

logger = logging.getLogger(__name__)
T = TypeVar("T")

IDLE_S = 2.0
LOOK_EVERY_S = 0.2
LOOK_WHILE_IDLE_S = 0.05
DRAIN_S = 1.0
LEAVING = "its worker is ending"
CLAIM_BELOW = 0.6
COLLECT_AFTER = (100_000, 50, 100)


def register(kind: LaneKind, *, is_foreground: bool = False) -> Lane:
    """Make the row by which this process proves that it lives."""
    row: Lane = Lane.objects.create(kind=kind, host=socket.gethostname(), pid=os.getpid(), is_foreground=is_foreground)
    logger.info("%s begins", row, extra={"lane": row.pk, "host": row.host})
    return row


def work_until_idle(*, idle_s: float = IDLE_S) -> None:
    """Be a lane of the workers until nothing was claimable for `idle_s` seconds, or until the workers are to end."""
    row = register(LaneKind.LANE)
    loop_runner(lambda: LaneLoop(row).run(until=lambda lane: is_told() or lane.idle_for_s >= idle_s))


def loop_runner(main: Callable[[], Any]) -> None:
    """Run a coroutine on the fastest event loop there is.

    What was imported is taken out of the garbage collector's sight, and it looks less often: a lane makes hundreds
    of thousands of short-lived objects, and looking for cycles among them cost a fifth of the time of a run.
    """
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    run_in_loop(main)


class LaneLoop:
    """Claims units, works on them, stores what comes out; and proves by counting that it lives."""

    def __init__(self, row: Lane, *, owner: str = "") -> None:
        """`owner` is what `Run.owner` of the runs to work on says; "": those of the workers."""
        self._row, self._owner = row, owner
        self._units: dict[int, HeldUnit] = {}
        self._busy_at = time.monotonic()
        self._room = asyncio.Event()
        self._pulse, self._notes = Pulse(row.pk), Notes(settings.JOURNAL_DIR, row.pk)
        self._journal = Journal(settings.JOURNAL_DIR, row.pk, self._notes.calls)
        self._stopping = ""

    @property
    def idle_for_s(self) -> float:
        """Seconds since there was something to do."""
        return 0.0 if self.is_busy else time.monotonic() - self._busy_at

    @property
    def is_busy(self) -> bool:
        """Whether results are on their way or units are held."""
        return bool(self._pipeline.unstored or self._units)

    async def ask(self, function: Callable[[], T]) -> T:
        """Return what `function` returns, called in the database thread."""
        return await self._sink.call(function)

    @property
    def trouble(self) -> str:
        """Why nothing can be stored at the moment; "": all is well."""
        return self._sink.trouble

    def look_again(self) -> None:
        """Look at once whether there is something to do; called in the event loop."""
        self._room.set()

    def stop(self, reason: str) -> None:
        """Claim nothing more, cut the open calls off, store what there is and end."""
        self._stopping = reason
        self._room.set()

    async def run(self, *, until: Callable[["LaneLoop"], bool]) -> None:
        """Work until `until` says so, or until `stop`, or until somebody called this lane dead."""
        loop = asyncio.get_running_loop()
        self._books = Bookkeeper(done=lambda: self._sink.in_loop(self.look_again))
        flusher = Flusher(self._row.pk, self._units, unit_done=self._books.unit_done, storing=self._journal.storing)
        self._sink = Sink(
            loop, flusher, tick=lambda: self._holdings.tick(), tell=self._notes.say, is_gone=self._pulse.look
        )
        async with HttpTransport(allow_private=settings.PRIVATE_PROVIDERS) as transport:
            self._supplies = self._make_supplies(transport)
            self._stages = [import_string(path)(self._supplies) for path in settings.EVALSITE_STAGES]
            self._pipeline = Pipeline(
                self._stages,
                store=traced(self._sink.put),
                give_up=self._sink.put_attempts,
                unit_idle=self._unit_idle,
                noted=self._notes.stepping,
            )
            self._holdings = self._make_holdings()
            self._sink.on_stored = self._stored
            self._sink.start()
            self._sink.call_soon(lambda: sweep(settings.JOURNAL_DIR))
            self._books.start()
            holding = asyncio.create_task(hold_while_silent(lambda: self._sink.silent_s, self._gates))
            try:
                await self._feed(until)
            finally:
                holding.cancel()
                await self._end()

    def _make_supplies(self, transport: HttpTransport) -> LaneSupplies:
        port = CallPort(
            stop_run=self._stop_run,
            provider_down=self._provider_down,
            note=self._journal.note,
            open_calls=self._notes.calls,
            busy=self._notes.busy,
        )
        reuse = Reuse(look_up)
        reuse.sink = self._sink
        return LaneSupplies(transport=transport, port=port, reuse=reuse, clock=time.monotonic)

    def _make_holdings(self) -> Holdings:
        return Holdings(
            self._row,
            self._owner,
            self._units,
            sink=self._sink,
            books=self._books,
            pulse=self._pulse,
            supplies=self._supplies,
            stages=self._stages,
            told=self,
        )

    async def _feed(self, until: Callable[["LaneLoop"], bool]) -> None:
        """Keep the pipeline full."""
        while not (self._stopping or self._pulse.is_lost or until(self)):
            self._pulse.loop_ticked()
            if await self._claim_some():
                continue  # the window may have grown with the first units of a run
            self._room.clear()
            try:
                async with asyncio.timeout(LOOK_EVERY_S if self.is_busy else LOOK_WHILE_IDLE_S):
                    await self._room.wait()
            except TimeoutError:
                pass

    def _gates(self) -> list[Gate]:
        return [line.gate for line in list(self._supplies.lines.values())]  # the database thread adds to them

    async def _claim_some(self) -> bool:
        """Start the jobs of newly claimed units; False when there is no room, or nothing to claim."""
        wanted = self._wanted()
        if wanted <= 0 or self._sink.trouble:
            return False
        try:
            claimed = await self._sink.call(self._holdings.claim, wanted)
        except LaneGone:
            return False
        for run, held in claimed:
            self._busy_at = time.monotonic()
            self._pipeline.start(run, held)
        return bool(claimed)

    def _wanted(self) -> int:
        """Return for how many results to claim units; for few at first: whoever pressed start waits for a call."""
        wanted = self._window() - self._pipeline.unstored
        return wanted if self.is_busy else min(wanted, FIRST_RESULTS)

    def _window(self) -> int:
        """Return how many results may be on their way, those that wait to be stored included."""
        calls = sum(gate.limit for gate in self._gates())
        return min(MOST_RESULTS, max(FIRST_RESULTS, CALLS_TO_RESULTS * calls))

    def _stored(self, jobs: list[Job]) -> None:
        self._journal.forget(jobs)
        self._pipeline.stored(len(jobs))
        self._busy_at = time.monotonic()
        if self._pipeline.unstored <= self._window() * CLAIM_BELOW:
            self._room.set()

    def _unit_idle(self, unit_id: int) -> None:
        """Give back a unit whose jobs have gone while results are missing: its run takes no calls."""
        self._sink.call_soon(lambda: self._holdings.release_if_missing(unit_id))

    def _stop_run(self, job: Job, reason: str) -> None:
        if not job.run.halted:
            self._pipeline.halt(job.run.run_id, reason)
            self._sink.call_soon(lambda: self._holdings.pause(job.run.run_id, reason))

    def _provider_down(self, line: ProviderLine, detail: str) -> None:
        reason = f"{line.name} cannot be reached: {detail}. Nothing is lost: resume when it is back."
        for work in [work for work in self._holdings.runs.values() if work.parts["generate"].line is line]:
            self._pipeline.halt(work.run_id, reason)
        self._sink.call_soon(lambda: self._holdings.pause_all(line.provider_id, reason))

    def halted(self, halts: dict[int, str]) -> None:
        """Take no new call of these runs: the reason, by the run's id."""
        for run_id, reason in halts.items():
            work = self._holdings.runs.pop(run_id, None)
            if work is not None:
                work.halted = reason  # also for jobs of a unit that is being claimed at this moment
            self._pipeline.halt(run_id, reason)

    async def _end(self) -> None:
        if not self._stopping:
            await self._drain()
        await self._pipeline.end()
        await self._sink.call(self._holdings.leave)
        for stage in self._stages:
            await stage.close()
        await self._sink.close()
        self._journal.close()
        self._notes.close()
        await asyncio.to_thread(self._books.close)
        await asyncio.to_thread(flush_traces)

    async def _drain(self) -> None:
        """Let no new call begin, and the open ones end that do so in a moment: what they cost is then paid once."""
        for run_id in list(self._holdings.runs):
            self._pipeline.halt(run_id, LEAVING)
        await self._pipeline.drain(DRAIN_S)
