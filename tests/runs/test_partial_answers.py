"""An answer that broke off is kept as far as it came, marked as partial, and counts as no answer."""

import asyncio
from typing import Any

import pytest

from runs.calls import CallPort, Limits
from runs.exchange import Completion, Request
from runs.execution import Job
from runs.lanes.flushing import Batch, Flusher
from runs.lanes.supplies import LaneSupplies
from runs.live.progress import totals_of
from runs.models import Result
from runs.stages.generate import Generate, GeneratePart
from runs.transcripts import messages_of, output_of
from tests.factories import LaneFactory
from tests.fakes import FakeClock, FakeRunner, HangingRunner, line_to
from tests.runs.planned import claimed, jobs_of, planned_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

MESSAGE = {"role": "assistant", "parts": [{"type": "text", "text": "ha"}]}
HALF = Completion("ha", message=MESSAGE, first_token_ms=12)


def generated(job: Job, runner: FakeRunner | HangingRunner) -> Job:
    """Return the job after its stage `generate`, with a hundredth of a second for the call."""
    port = CallPort(lambda job, reason: None, lambda line, reason: None)
    supplies: Any = LaneSupplies(transport=None, port=port, reuse=None, clock=FakeClock())  # type: ignore[arg-type]
    line = line_to(runner, FakeClock())
    job.run.parts["generate"] = GeneratePart(line, Limits(timeout_s=0.01), is_reusing=False, hash_head=b"")
    job.request = Request("m", [], {})
    asyncio.run(made(supplies, job))
    return job


async def made(supplies: LaneSupplies, job: Job) -> None:
    """Take a job through the stage."""
    await Generate(supplies)(job)


def stored(job: Job, unit: Any, lane: Any) -> Result:
    """Return the result that a job came to."""
    Flusher(lane.pk, {unit.unit_id: unit}, unit_done=lambda _: None).store(Batch([job]))
    return Result.objects.get(pk=job.result_id)


def test_timeout_stores_what_had_arrived_marked_as_partial() -> None:
    run, lane = planned_run(2), LaneFactory()
    unit = claimed(lane, run)

    result = stored(generated(jobs_of(run, unit)[0], HangingRunner(HALF)), unit, lane)

    assert (result.outcome, result.preview, result.first_token_ms) == ("timeout", "ha", 12)
    assert (result.tokens_out, result.cost_usd, result.tokens_per_s) == (None, None, None)
    assert [(message["partial"], message["parts"]) for message in messages_of(result)] == [(True, MESSAGE["parts"])]
    assert messages_of(result)[0]["call"]["first_token_ms"] == 12
    assert (output_of(result), totals_of(run).first_token_p50_ms) == ("ha", None)


def test_timeout_before_the_first_word_stores_no_answer() -> None:
    run, lane = planned_run(2), LaneFactory()
    unit = claimed(lane, run)

    result = stored(generated(jobs_of(run, unit)[0], HangingRunner()), unit, lane)

    assert (result.outcome, result.preview, result.first_token_ms, messages_of(result)) == ("timeout", "", None, [])


def test_streamed_answer_is_stored_with_its_time_to_the_first_token() -> None:
    run, lane = planned_run(2), LaneFactory()
    unit = claimed(lane, run)
    whole = Completion("haha", message=MESSAGE, tokens_in=1, tokens_out=11, latency_ms=1012, first_token_ms=12)

    result = stored(generated(jobs_of(run, unit)[0], FakeRunner([whole])), unit, lane)

    assert (result.outcome, result.first_token_ms, result.tokens_per_s) == ("ok", 12, 10.0)
    assert "partial" not in messages_of(result)[0]
    totals = totals_of(run)
    assert (totals.first_token_p50_ms, totals.first_token_p95_ms) == (12, 12)
