"""A lane's database thread: stores all it is given, and loses nothing while the database is away."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError

from runs.execution import Job
from runs.lanes.flushing import Batch
from runs.lanes.sink import LaneGone, Sink
from tests.runs.jobs import a_job


class FakeFlusher:
    """Keeps what it is to store; raises first what it is told to."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.finished, self.given_up = list[Job](), list[Job]()

    def store(self, batch: Batch) -> None:
        """Store a batch, or raise."""
        if self._errors:
            raise self._errors.pop(0)
        self.finished += batch.finished
        self.given_up += batch.given_up


def sink_with(
    flusher: FakeFlusher, tick: Callable[[], None] = lambda: None, is_gone: Callable[[], bool] = lambda: False
) -> tuple[Sink, list[int]]:
    """Return a started sink, and the counts of stored jobs as they are told."""
    sink = Sink(asyncio.get_running_loop(), flusher, tick=tick, is_gone=is_gone)  # type: ignore[arg-type]
    told = list[int]()
    sink.on_stored = lambda jobs: told.append(len(jobs))
    sink.start()
    return sink, told


async def test_sink_stores_all_that_was_put_before_it_ends() -> None:
    flusher = FakeFlusher()
    sink, told = sink_with(flusher)
    jobs = [a_job(ordinal) for ordinal in range(100)]

    _ = [sink.put(job) for job in jobs]
    sink.put_attempts(given_up := a_job(500))
    await sink.close()
    await asyncio.sleep(0)

    assert (flusher.finished, flusher.given_up, sum(told)) == (jobs, [given_up], 101)


@pytest.mark.parametrize("error", [OperationalError("disk is full"), RuntimeError("unexpected")])
async def test_sink_keeps_what_could_not_be_stored_in_order(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr("runs.lanes.sink.RETRY_PAUSE_S", 0.01)
    flusher = FakeFlusher(error, error)
    sink, told = sink_with(flusher)
    jobs = [a_job(ordinal) for ordinal in range(3)]

    _ = [sink.put(job) for job in jobs]
    await sink.close()
    await asyncio.sleep(0)

    assert (flusher.finished, sum(told), len(caplog.records)) == (jobs, 3, 2)


async def test_sink_says_why_nothing_can_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.lanes.sink.RETRY_PAUSE_S", 0.2)
    sink, _ = sink_with(FakeFlusher(OperationalError("disk is full")))

    sink.put(a_job())
    await asyncio.sleep(0.1)
    trouble = sink.trouble
    await sink.close()

    assert (trouble, sink.trouble) == ("the database cannot be written: disk is full", "")


async def test_sink_answers_calls() -> None:
    sink, _ = sink_with(FakeFlusher())

    assert await sink.call(lambda number: number + 1, 41) == 42

    await sink.close()


async def test_sink_passes_errors_of_calls_on_and_lives() -> None:
    sink, _ = sink_with(FakeFlusher())

    with pytest.raises(ZeroDivisionError):
        await sink.call(lambda: 1 // 0)

    assert await sink.call(lambda: "alive") == "alive"
    await sink.close()


async def test_sink_of_a_lane_whose_row_is_gone_names_that_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> None:
        raise IntegrityError("FOREIGN KEY constraint failed")

    sink, _ = sink_with(FakeFlusher(), tick=refused, is_gone=lambda: True)

    with pytest.raises(LaneGone):
        await sink.call(refused)

    await sink.close()
    assert caplog.records == []


async def test_sink_ticks_while_there_is_nothing_to_do() -> None:
    ticks = list[int]()
    sink, _ = sink_with(FakeFlusher(), tick=lambda: ticks.append(1))

    await asyncio.sleep(0.6)
    await sink.close()

    assert len(ticks) == 3
