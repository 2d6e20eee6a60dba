"""The jobs of a lane that are on their way: started, counted, halted, and handed on when they are through."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from runs.execution import Halted, Job, RunWork, Stage, work_through
from runs.lanes.claims import CANCELLED, HeldUnit

CALLS_TO_RESULTS = 16
MOST_RESULTS = 1024
FIRST_RESULTS = 128
BEGUN_AT_ONCE = 32
SCORED_WITHIN_S = 2.0
Noted = Callable[[int, Coroutine[Any, Any, None]], Awaitable[None]]


class Pipeline:
    """Takes jobs through the stages concurrently. What is through is handed to `store`, what is not to `give_up`."""

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        store: Callable[[Job], None],
        give_up: Callable[[Job], None],
        unit_idle: Callable[[int], None],
        noted: Noted = lambda _result_id, work: work,
    ) -> None:
        """`unit_idle` is told the id of a unit whose last job has gone while results are missing, or may be.

        `noted` is given the work on each result, and returns it with its steps noted.
        """
        self._stages, self._store, self._give_up, self._unit_idle = stages, store, give_up, unit_idle
        self._noted = noted
        self._jobs: set[Job] = set()
        self._unbegun: deque[Job] = deque()
        self._is_beginning = False
        self.unstored = 0
        """Jobs on their way, and those that are through and not stored yet."""

    @property
    def jobs(self) -> int:
        """Jobs on their way."""
        return len(self._jobs)

    def start(self, run: RunWork, held: HeldUnit) -> None:
        """Start the jobs of a unit, some in each turn of the loop: answers that come meanwhile are read in between."""
        for ordinal, case in held.cases.items():
            job = Job(run, held.work, ordinal, ordinal // run.cases, case, noted=held.answers.get(ordinal))
            self._jobs.add(job)
            self._unbegun.append(job)
        held.work.jobs += len(held.cases)
        self.unstored += len(held.cases)
        held.cases, held.answers = {}, {}
        if not self._is_beginning:
            self._begin_some()

    def stored(self, count: int) -> None:
        """Note that this many jobs were stored."""
        self.unstored -= count

    def halt(self, run_id: int, reason: str) -> None:
        """Let no new call of a run begin. Open calls end by themselves; those of a cancelled run are cut off.

        A job that has its answer goes on to its scores: what was paid for is stored.
        """
        for job in [job for job in self._jobs if job.run.run_id == run_id]:
            job.run.halted = reason
            if job.task and job.completion is None and (reason == CANCELLED or not job.is_calling):
                job.task.cancel()

    async def drain(self, within_s: float) -> None:
        """Come back when all jobs have gone, or when this time is over."""
        self._begin(len(self._unbegun))
        tasks = [job.task for job in self._jobs if job.task]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    async def end(self) -> None:
        """Cut off every job that has no answer yet, let the others be scored, and come back when all have gone."""
        self._begin(len(self._unbegun))
        scoring = [job.task for job in self._jobs if job.task and job.completion is not None]
        calling = [job.task for job in self._jobs if job.task and job.completion is None]
        _cancel(calling)
        if scoring:
            await asyncio.wait(scoring, timeout=SCORED_WITHIN_S)
            _cancel(scoring)
        await asyncio.gather(*calling, *scoring, return_exceptions=True)

    def _begin_some(self) -> None:
        self._begin(min(BEGUN_AT_ONCE, len(self._unbegun)))
        self._is_beginning = bool(self._unbegun)
        if self._is_beginning:
            asyncio.get_running_loop().call_soon(self._begin_some)

    def _begin(self, count: int) -> None:
        for job in [self._unbegun.popleft() for _ in range(count)]:
            job.task = asyncio.get_running_loop().create_task(self._work(job))
            job.task.add_done_callback(partial(self._ended, job))
            if job.run.halted:
                job.task.cancel()

    async def _work(self, job: Job) -> bool:
        """Take a job through the stages; False when its run takes no calls."""
        try:
            await self._noted(job.result_id, work_through(job, self._stages))
        except Halted:
            return False
        return True

    def _ended(self, job: Job, task: "asyncio.Task[bool]") -> None:
        """Hand a job on. A callback of its task: one that is cancelled before it began runs none of its own code."""
        is_through = not (task.cancelled() or task.exception()) and task.result()
        self._jobs.discard(job)
        job.task = None
        job.unit.jobs -= 1
        if is_through:
            self._store(job)
        else:
            self._without_result(job)
        if (job.unit.given_up or job.unit.is_alone) and not job.unit.jobs:
            self._unit_idle(job.unit.unit_id)

    def _without_result(self, job: Job) -> None:
        job.unit.given_up += 1
        if job.attempts:
            self._give_up(job)
        else:
            self.unstored -= 1


def _cancel(tasks: "Iterable[asyncio.Task[bool]]") -> None:
    for task in tasks:
        task.cancel()
