"""The jobs of a lane: started, handed on, halted and cut off; a paid answer is never thrown away."""

import asyncio
from dataclasses import dataclass, field

from runs.exchange import Completion
from runs.execution import Halted, Job, RunWork, Stage, UnitWork
from runs.lanes.claims import CANCELLED, PAUSED, HeldUnit
from runs.lanes.pipeline import Pipeline
from runs.lanes.tallies import Tally
from tests.runs.jobs import a_case


class StepByStep(Stage):
    """Calls and then scores, each when it is let."""

    name = "step"

    def __init__(self) -> None:
        self.may_answer, self.may_score = asyncio.Event(), asyncio.Event()

    async def __call__(self, job: Job) -> bool:
        """Take a job through."""
        if job.run.halted:
            raise Halted(job.run.halted)
        job.is_calling = True
        try:
            await self.may_answer.wait()
        finally:
            job.is_calling = False
        job.completion = Completion("4")
        await self.may_score.wait()
        return True


@dataclass
class Lane:
    """A pipeline with what came out of it."""

    stage: StepByStep = field(default_factory=StepByStep)
    run: RunWork = field(default_factory=lambda: RunWork(run_id=5, cases=10, config={}))
    stored: list[Job] = field(default_factory=list)
    given_up: list[Job] = field(default_factory=list)
    idle: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(
            [self.stage], store=self.stored.append, give_up=self.given_up.append, unit_idle=self.idle.append
        )

    async def start(self, ordinals: range) -> HeldUnit:
        """Start the jobs of one unit and let them begin."""
        held = self.start_at_once(ordinals)
        await settle()
        return held

    def start_at_once(self, ordinals: range) -> HeldUnit:
        """Start the jobs of one unit; those of a long one have not all begun."""
        cases = {ordinal: a_case(ordinal) for ordinal in ordinals}
        held = HeldUnit(UnitWork(unit_id=9), 5, 1, ordinals.start, set(ordinals), Tally(), cases)
        self.pipeline.start(self.run, held)
        return held


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_start_makes_a_job_of_each_case_with_its_trial() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    lane.stage.may_score.set()

    held = await lane.start(range(8, 13))

    assert [(job.ordinal, job.trial) for job in lane.stored] == [(8, 0), (9, 0), (10, 1), (11, 1), (12, 1)]
    assert (lane.pipeline.jobs, lane.pipeline.unstored, held.work.jobs, lane.idle) == (0, 5, 0, [])


async def test_jobs_of_a_long_unit_all_begin() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    lane.stage.may_score.set()

    lane.start_at_once(range(70))
    lane.start_at_once(range(70, 140))
    _ = [await settle() for _ in range(3)]

    assert [job.ordinal for job in lane.stored] == list(range(140))


async def test_halt_reaches_jobs_that_have_not_begun() -> None:
    lane = Lane()
    lane.start_at_once(range(100))

    lane.pipeline.halt(5, PAUSED)
    _ = [await settle() for _ in range(3)]

    assert (lane.stored, lane.pipeline.jobs, lane.pipeline.unstored, lane.idle) == ([], 0, 0, [9])


async def test_end_takes_jobs_along_that_have_not_begun() -> None:
    lane = Lane()
    lane.start_at_once(range(100))

    await lane.pipeline.end()
    await settle()

    assert (lane.pipeline.jobs, lane.pipeline.unstored, lane.idle) == (0, 0, [9])


async def test_stored_makes_room() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    lane.stage.may_score.set()
    await lane.start(range(3))

    lane.pipeline.stored(3)

    assert lane.pipeline.unstored == 0


async def test_pause_lets_open_calls_end_and_be_stored() -> None:
    lane = Lane()
    await lane.start(range(2))

    lane.pipeline.halt(5, PAUSED)
    lane.stage.may_answer.set()
    lane.stage.may_score.set()
    await settle()

    assert (len(lane.stored), lane.idle) == (2, [])


async def test_cancel_cuts_open_calls_off_and_tells_of_the_idle_unit() -> None:
    lane = Lane()
    await lane.start(range(2))

    lane.pipeline.halt(5, CANCELLED)
    await settle()

    assert (lane.stored, lane.pipeline.jobs, lane.pipeline.unstored, lane.idle) == ([], 0, 0, [9])


async def test_halt_of_another_run_changes_nothing() -> None:
    lane = Lane()
    await lane.start(range(2))

    lane.pipeline.halt(6, CANCELLED)
    await settle()

    assert lane.pipeline.jobs == 2
    await lane.pipeline.end()


async def test_pause_keeps_an_answer_that_is_being_scored() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    await lane.start(range(2))

    lane.pipeline.halt(5, PAUSED)
    lane.stage.may_score.set()
    await settle()

    assert len(lane.stored) == 2


async def test_cancel_keeps_an_answer_that_is_being_scored() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    await lane.start(range(2))

    lane.pipeline.halt(5, CANCELLED)
    lane.stage.may_score.set()
    await settle()

    assert len(lane.stored) == 2


async def test_end_keeps_an_answer_that_is_being_scored() -> None:
    lane = Lane()
    lane.stage.may_answer.set()
    await lane.start(range(2))

    ending = asyncio.create_task(lane.pipeline.end())
    await settle()
    lane.stage.may_score.set()
    await ending

    assert len(lane.stored) == 2


async def test_end_cuts_open_calls_off() -> None:
    lane = Lane()
    await lane.start(range(2))

    await lane.pipeline.end()

    assert (lane.stored, lane.pipeline.jobs, lane.pipeline.unstored) == ([], 0, 0)


async def test_jobs_of_a_halted_run_are_given_up_at_once() -> None:
    lane = Lane()
    lane.run.halted = "bad key"

    held = await lane.start(range(2))

    assert (lane.pipeline.jobs, held.work.given_up, lane.idle) == (0, 2, [9])


async def test_halt_before_a_job_has_begun_lets_its_unit_go_all_the_same() -> None:
    lane = Lane()
    held = HeldUnit(UnitWork(unit_id=9), 5, 1, 0, {0, 1}, Tally(), {0: a_case(0), 1: a_case(1)})
    lane.pipeline.start(lane.run, held)

    lane.pipeline.halt(5, PAUSED)
    await settle()

    assert (lane.pipeline.jobs, lane.pipeline.unstored, held.work.jobs, lane.idle) == (0, 0, 0, [9])


async def test_end_before_a_job_has_begun_leaves_none() -> None:
    lane = Lane()
    held = HeldUnit(UnitWork(unit_id=9), 5, 1, 0, {0}, Tally(), {0: a_case(0)})
    lane.pipeline.start(lane.run, held)

    await lane.pipeline.end()

    assert (lane.pipeline.jobs, lane.pipeline.unstored, held.work.jobs) == (0, 0, 0)
