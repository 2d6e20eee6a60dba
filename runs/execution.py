"""The engine: takes jobs through the stages. It knows neither the database nor the network."""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from runs.exchange import Completion, Message, Request
from runs.lanes.suspects import GIVEN_UP

if TYPE_CHECKING:
    from asyncio import Task

logger = logging.getLogger(__name__)

OK, RUNNER_ERROR = "ok", "runner_error"


class Halted(Exception):
    """The run takes no new calls (paused, cancelled, lost): the job is given up and its ordinal stays missing."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as the stages see it."""

    item_id: int
    key: str
    input: str | dict[str, Any]
    expected: Any
    metadata: dict[str, Any]
    tags: tuple[str, ...]
    split: str = ""


@dataclass(slots=True)
class Attempt:
    """A call that was made and not accepted."""

    outcome: str
    detail: str
    status: int | None
    """HTTP status; None: no answer came."""
    billed: str
    latency_ms: int
    raw_response: str | None = None
    began_s: float = 0.0
    """When it began, by the clock of the call port."""


@dataclass(frozen=True, slots=True)
class NotedAnswer:
    """An answer that a lane had, and was killed before it could store it."""

    request_hash: bytes
    completion: Completion
    cost_usd: Decimal | None
    latency_ms: int | None
    wait_ms: int
    call_count: int
    attempts: list[Attempt]
    page: Path | None = field(default=None, compare=False)
    """Where it was noted."""


@dataclass(slots=True)
class StageTime:
    """How one stage went for one job."""

    stage: str
    status: str
    """ok or error."""
    ms: float
    """Milliseconds of work, waiting left out."""
    wait_ms: int = 0


@dataclass(slots=True)
class RunWork:
    """A run as its jobs see it; one object a run and lane."""

    run_id: int
    cases: int
    """Length of the case list."""
    config: Mapping[str, Any]
    parts: dict[str, Any] = field(default_factory=dict)
    """What each stage prepared for this run, by the stage's name."""
    halted: str = ""
    """Why no new call may begin; "": go on."""
    uid: str = ""
    """Its id as people know it, for what is told of it."""


@dataclass(slots=True)
class UnitWork:
    """A work unit as its jobs see it."""

    unit_id: int
    open_calls: int = 0
    """Calls of its jobs that are open now."""
    jobs: int = 0
    """Jobs that are on their way."""
    given_up: int = 0
    """Jobs that ended without a result."""
    is_alone: bool = False
    """Whether one ordinal of it is worked, by a lane that has nothing else on its way: lanes died at it."""
    is_given_up: bool = False
    """Whether that ordinal is not to be tried again."""


@dataclass(slots=True, eq=False)
class Job:
    """One ordinal's way through the stages, and all that is known of it so far."""

    run: RunWork
    unit: UnitWork
    ordinal: int
    trial: int
    case: Case
    variant: int = 0

    noted: NotedAnswer | None = None
    """What a lane that is gone was answered; None: nothing is known of such an answer."""

    task: "Task[bool] | None" = None
    is_calling: bool = False
    request: Request | None = None
    request_hash: bytes | None = None
    reused_from: int | None = None
    outcome: str = OK
    detail: str = ""
    completion: Completion | None = None
    partial: Completion | None = None
    """What had arrived of an answer that broke off; never scored."""
    transcript: list[Message] = field(default_factory=list)
    raw_request: str | None = None
    raw_response: str | None = None
    cost_usd: Decimal | None = None
    latency_ms: int | None = None
    called_s: float = 0.0
    """When the accepted call began, by the clock of the call port."""
    wait_ms: int = 0
    call_count: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    scores: list[Any] = field(default_factory=list)
    """What the score stage found, as the sink writes it."""
    stages: list[StageTime] = field(default_factory=list)
    recorded_at: datetime | None = None
    """When the sink first tried to store it; the time of its rows, by which it knows them again."""

    @property
    def result_id(self) -> int:
        """The computed identity of the result."""
        return self.run.run_id << 32 | self.ordinal

    @property
    def arrived(self) -> Completion | None:
        """The answer, whole or in part; None: nothing came."""
        return self.completion or self.partial

    @property
    def address(self) -> str:
        """The id of the result as people know it."""
        return f"{self.run.uid}.{self.ordinal}"

    def end(self, outcome: str, detail: str) -> None:
        """Note what the job came to when no completion was accepted."""
        self.outcome, self.detail = outcome, detail


class Stage(ABC):
    """A step in the making of a result. One instance a lane; jobs pass through it concurrently."""

    name: ClassVar[str]

    @abstractmethod
    async def __call__(self, job: Job) -> bool:
        """Do this step on `job`; False ends its way here (its outcome says why). May raise Halted."""

    async def close(self) -> None:  # noqa: B027 - most stages hold nothing open
        """Let go of what the stage holds open."""


async def work_through(job: Job, stages: Sequence[Stage], clock: Callable[[], float] = time.perf_counter) -> None:
    """Take one job through the stages. An exception of a stage is the job's `runner_error`; Halted passes."""
    if job.unit.is_given_up:
        job.end(RUNNER_ERROR, GIVEN_UP)
        return
    for stage in stages:
        waited, began = job.wait_ms, clock()
        goes_on = await _step(job, stage)
        wait_ms = job.wait_ms - waited
        ms = max(0.0, (clock() - began) * 1000 - wait_ms)
        job.stages.append(StageTime(stage.name, OK if goes_on else "error", round(ms, 2), wait_ms))
        if not goes_on:
            return


async def _step(job: Job, stage: Stage) -> bool:
    try:
        return await stage(job)
    except Halted:
        raise
    except Exception as error:
        job.end(RUNNER_ERROR, f"{stage.name} failed: {type(error).__name__}: {error}")
        fields = {"run": job.run.uid, "result": job.address, "stage": stage.name}
        logger.debug("a stage failed", exc_info=True, extra=fields)
        return False
