"""The engine: jobs pass through the stages in order, and a stage that fails ends only its own job."""

from collections.abc import Callable

import pytest

from runs.execution import Halted, Job, Stage, work_through
from tests.fakes import FakeClock
from tests.runs.jobs import a_job


class FakeStage(Stage):
    """A stage that does what it is given to do."""

    name = "fake"

    def __init__(self, name: str, step: Callable[[Job], object]) -> None:
        self.name, self._step = name, step  # type: ignore[misc]

    async def __call__(self, job: Job) -> bool:
        """Do it; False where it says False."""
        return self._step(job) is not False


def failing(error: Exception) -> Callable[[Job], object]:
    """Return a step that raises."""

    def step(job: Job) -> None:
        raise error

    return step


def steps_of(job: Job) -> list[tuple[str, str]]:
    """Return the stages that a job went through, with how they ended."""
    return [(time.stage, time.status) for time in job.stages]


async def test_work_through_takes_a_job_through_all_stages() -> None:
    job, seen = a_job(), list[str]()

    await work_through(job, [FakeStage(name, lambda _, name=name: seen.append(name)) for name in ("one", "two")])  # type: ignore[misc]

    assert (seen, steps_of(job), job.outcome) == (["one", "two"], [("one", "ok"), ("two", "ok")], "ok")


async def test_work_through_ends_at_a_stage_that_says_so() -> None:
    job, seen = a_job(), list[Job]()

    await work_through(job, [FakeStage("one", lambda _: False), FakeStage("two", seen.append)])

    assert (seen, steps_of(job)) == ([], [("one", "error")])


async def test_work_through_makes_a_crash_of_a_stage_the_jobs_error() -> None:
    job = a_job()

    await work_through(job, [FakeStage("one", failing(KeyError("x")))])

    assert (job.outcome, job.detail) == ("runner_error", "one failed: KeyError: 'x'")
    assert steps_of(job) == [("one", "error")]


async def test_work_through_lets_a_halt_pass() -> None:
    job = a_job()

    with pytest.raises(Halted):
        await work_through(job, [FakeStage("one", failing(Halted("paused")))])

    assert job.outcome == "ok"


async def test_work_through_leaves_waiting_out_of_a_stages_time() -> None:
    clock, job = FakeClock(), a_job()

    def wait_and_work(job: Job) -> None:
        clock.pass_by(3.0)
        job.wait_ms += 2000

    await work_through(job, [FakeStage("one", wait_and_work)], clock)

    assert [(time.ms, time.wait_ms) for time in job.stages] == [(1000.0, 2000)]


def test_result_id_holds_run_and_ordinal() -> None:
    job = a_job(7)

    assert (job.result_id >> 32, job.result_id & 0xFFFFFFFF) == (job.run.run_id, 7)
