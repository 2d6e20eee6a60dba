"""A lane's database thread: stores what is finished as soon as the last flush is committed, and runs its queries."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections

from runs.execution import Job
from runs.lanes.flushing import Batch, Flusher

logger = logging.getLogger(__name__)
T = TypeVar("T")

FLUSH_PAUSE_S = 0.02
TICK_S = 0.25
RETRY_PAUSE_S = 1.0


class LaneGone(Exception):
    """The row of this lane is gone: nothing can be written in its name."""


class Sink(threading.Thread):
    """One thread a lane, with its own connection. The event loop hands it jobs and functions, and never waits."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flusher: Flusher,
        *,
        tick: Callable[[], None],
        tell: Callable[[str], None] = lambda _trouble: None,
        is_gone: Callable[[], bool] = lambda: False,
    ) -> None:
        """`tick` is called in the thread four times a second; `flusher` belongs to the thread from now on.

        `tell` is called there with what `trouble` has become; `is_gone` says whether the lane's row is gone, which
        then is why a database refuses what names it: no error of a step, and `LaneGone` of a call.
        """
        super().__init__(name="sink", daemon=True)
        self._loop, self._flusher, self._tick, self._tell = loop, flusher, tick, tell
        self._is_gone = is_gone
        self._jobs: deque[tuple[Job, bool]] = deque()
        self._calls: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self.on_stored: Callable[[list[Job]], None] = lambda _jobs: None
        """Told in the event loop which jobs were stored."""
        self.trouble = ""
        """Why nothing can be stored at the moment; "": all is well."""
        self._heard_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Seconds since the database last did what it was asked to; it is asked four times a second."""
        return time.monotonic() - self._heard_at

    def put(self, job: Job) -> None:
        """Store this finished job soon."""
        self._add(job, is_done=True)

    def put_attempts(self, job: Job) -> None:
        """Store the attempts of a job that was given up."""
        self._add(job, is_done=False)

    def _add(self, job: Job, *, is_done: bool) -> None:
        is_first = not self._jobs
        self._jobs.append((job, is_done))
        if is_first:  # the thread then knows when to flush: waking it for each job would cost more than storing it
            self._wake.set()

    async def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Return what `function` returns, called in the thread between two flushes."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._calls.append((lambda: function(*args, **kwargs), future))
        self._wake.set()
        return await future

    def call_soon(self, function: Callable[[], Any]) -> None:
        """Call `function` in the thread, soon; nobody waits for it."""
        self._calls.append((function, self._loop.create_future()))
        self._wake.set()

    def in_loop(self, function: Callable[..., object], *args: Any) -> None:
        """Call `function` in the event loop, soon; for the thread's own functions."""
        self._loop.call_soon_threadsafe(function, *args)

    async def close(self) -> None:
        """End the thread once all that was put is stored."""
        self._stopping = True
        self._wake.set()
        await asyncio.to_thread(self.join)

    def run(self) -> None:
        """Flush, answer calls and tick until closed."""
        next_tick = next_flush = time.monotonic()
        while not (self._stopping and not self._jobs and not self._calls):
            until = min(next_tick, next_flush) if self._jobs else next_tick
            self._wake.wait(timeout=max(0.0, until - time.monotonic()))
            self._wake.clear()
            if self._jobs and (self._stopping or time.monotonic() >= next_flush):
                self._guarded(self.flush)
                next_flush = time.monotonic() + FLUSH_PAUSE_S
            self._answer()
            if time.monotonic() >= next_tick:
                self._guarded(self._tick)
                next_tick = time.monotonic() + TICK_S
        connections.close_all()

    def _guarded(self, step: Callable[[], None]) -> None:
        """Do a step; while the database is away or full nothing is dropped and the thread tries again."""
        try:
            step()
        except OperationalError as error:
            self._say(f"the database cannot be written: {error}")
            logger.warning("sink waits: %s", error)
            connection.close()
            time.sleep(RETRY_PAUSE_S)
            self._wake.set()
        except Exception as error:
            if not self._is_of_gone(error):
                logger.exception("a step of the sink failed")
        else:
            self._heard_at = time.monotonic()
            if step == self.flush or not self._jobs:  # reads may go well while nothing can be written
                self._say("")

    def _is_of_gone(self, error: Exception) -> bool:
        """Return whether an error is only that this lane's row is gone."""
        try:
            return isinstance(error, IntegrityError) and self._is_gone()
        except DatabaseError:
            return False

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._tell(trouble)

    def flush(self) -> None:
        """Store what was put so far; for the thread's own functions."""
        taken = [self._jobs.popleft() for _ in range(len(self._jobs))]
        if not taken:
            return
        batch = Batch([job for job, is_done in taken if is_done], [job for job, is_done in taken if not is_done])
        try:
            self._flusher.store(batch)
        except BaseException:
            self._jobs.extendleft(reversed(taken))
            raise
        self._loop.call_soon_threadsafe(self.on_stored, batch.jobs)

    def _answer(self) -> None:
        while self._calls:
            function, future = self._calls.popleft()
            try:
                value = function()
            except OperationalError as error:
                self._say(f"the database cannot be read: {error}")
                connection.close()
                self._calls.appendleft((function, future))
                time.sleep(RETRY_PAUSE_S)
                return
            except Exception as error:
                is_gone = self._is_of_gone(error)
                if not is_gone:
                    logger.exception("a query of the lane failed")
                self._loop.call_soon_threadsafe(_fail, future, LaneGone() if is_gone else error)
            else:
                self._heard_at = time.monotonic()
                self._loop.call_soon_threadsafe(_resolve, future, value)


def _resolve(future: "asyncio.Future[Any]", value: object) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
