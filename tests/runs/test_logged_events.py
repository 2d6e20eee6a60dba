"""What the log says of runs, lanes, providers and calls, and under which ids."""

import logging
import os
import socket

import pytest

from runs.calls import Limits
from runs.exchange import CallFailed, Completion
from runs.execution import Job, RunWork, Stage, work_through
from runs.lanes.lane import register
from runs.lanes.supplies import _tell_log
from runs.limits.gates import Health
from runs.models import Lane, LaneKind
from runs.watcher import BeatWatch, bury_the_dead
from tests.factories import LaneFactory, RunFactory
from tests.fakes import FakeClock, FakeRunner
from tests.runs.jobs import a_job
from tests.runs.test_calls import Calling

UID = "0b8e5d9c-5f39-4a0b-8a4c-111111111111"


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return level and text of what the log says."""
    return [(record.levelname, record.getMessage()) for record in caplog.records]


@pytest.mark.django_db
def test_run_that_moves_is_logged_with_its_id_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    run = RunFactory()
    caplog.set_level(logging.INFO, "runs")

    run.begin()
    run.pause("no credit")
    run.pause("again")

    assert told(caplog) == [("INFO", f"run {run.uid} is running"), ("INFO", f"run {run.uid} is paused: no credit")]
    assert (caplog.records[1].run, caplog.records[1].reason) == (str(run.uid), "no credit")


@pytest.mark.django_db
def test_lane_that_begins_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "runs")

    row = register(LaneKind.LANE)

    assert told(caplog) == [("INFO", f"{row} begins")]
    assert (caplog.records[0].lane, caplog.records[0].host) == (row.pk, socket.gethostname())


@pytest.mark.django_db
def test_lane_that_is_dead_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    here, gone = LaneFactory(host="here", pid=os.getpid()), LaneFactory(host="here", pid=2**22 + 1)

    bury_the_dead(BeatWatch(FakeClock()), but=here)

    assert told(caplog) == [("WARNING", f"{gone} is dead: 0 units free again")]
    assert (caplog.records[0].lane, Lane.objects.count()) == (gone.pk, 1)


def test_provider_that_goes_down_and_comes_back_is_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "runs")
    clock = FakeClock()
    health = Health(clock, lambda is_down: _tell_log("local", is_down))

    for _ in range(40):
        health.unreached()
        clock.now += 0.2
    health.reached()
    health.reached()

    assert told(caplog) == [("WARNING", "local is down"), ("INFO", "local is back")]


async def test_call_that_fails_is_logged_with_run_and_result(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "runs")
    job = a_job(run=RunWork(1, 1000, {}, uid=UID))
    refusal = CallFailed("rate_limited", "too many", status=429)

    await Calling(FakeRunner([refusal, Completion("4")]), Limits(), job=job).complete()

    (record,) = [record for record in caplog.records if record.name == "runs.calls"]
    assert (record.run, record.result) == (UID, f"{UID}.{job.ordinal}")
    assert (record.outcome, record.status) == ("rate_limited", 429)


class Broken(Stage):
    """A stage that raises."""

    name = "broken"

    async def __call__(self, job: Job) -> bool:
        """Raise."""
        raise ValueError("no such thing")


async def test_stage_that_fails_is_logged_with_its_exception(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "runs")
    job = a_job(run=RunWork(1, 1000, {}, uid=UID))

    await work_through(job, [Broken()])

    (record,) = caplog.records
    assert (record.result, record.stage) == (f"{UID}.{job.ordinal}", "broken")
    assert "no such thing" in caplog.text
