"""Streamed answers over HTTP, from the simulator to the call port: paced, cut off, endless, late."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from runs.calls import CallPort, Limits
from runs.exchange import Completion, Request
from runs.execution import Job
from runs.runners.base import Connection
from runs.runners.openai import OpenAIRunner
from runs.simulator.knowledge import Knowledge
from runs.simulator.models import SimulatedModel
from runs.simulator.server import Simulator
from runs.transport import HttpTransport
from tests.fakes import FakeClock, line_to
from tests.runs.jobs import a_job

KEY = "the key"
MODELS = (
    SimulatedModel("paced", latency_ms=200, first_token_share=0.1),
    SimulatedModel("late", latency_ms=30_000, first_token_share=1.0),
    SimulatedModel("stalls", latency_ms=30_000, first_token_share=0.0),
    SimulatedModel("cut", cut_rate=1),
    SimulatedModel("endless", endless_rate=1),
    SimulatedModel("refuses", latency_ms=20, first_token_share=0.5, refusal_rate=1),
    SimulatedModel("cut-once", cut_rate=1, faults_pass=True),
)
Ask = Callable[..., Any]


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """A function that asks a model through the port and returns the job with the accepted completion."""
    simulator = Simulator(MODELS, Knowledge(), key=KEY)
    await simulator.start()
    async with HttpTransport(allow_private=True) as transport:
        runner: Any = OpenAIRunner(Connection("p", simulator.url, KEY, options={"stream": True}), transport)
        clock = FakeClock()
        port = CallPort(lambda job, reason: None, lambda line, reason: None, sleep=clock.sleep)

        async def asked(model: str, *, timeout_s: float = 20.0, **params: Any) -> tuple[Job, Completion | None]:
            job = a_job()
            messages = [{"role": "user", "parts": [{"type": "text", "text": "30 + 12 = ?"}]}]
            limits = Limits(timeout_s=timeout_s, tries=2)
            return job, await port.complete(job, line_to(runner, clock), Request(model, messages, params), limits)

        yield asked
    await simulator.close()


async def test_paced_answer_has_its_first_token_before_its_end(ask: Ask) -> None:
    job, completion = await ask("paced")

    assert completion is not None
    assert (completion.text[-2:], completion.outcome, completion.tokens_out is None) == ("42", "ok", False)
    assert completion.first_token_ms < job.latency_ms


async def test_streamed_answer_is_the_one_that_comes_whole(ask: Ask) -> None:
    (_, streamed), (_, whole) = await ask("paced"), await ask("paced", stream=False)

    assert (streamed.text, streamed.message, streamed.tokens_in, streamed.tokens_out) == (
        whole.text,
        whole.message,
        whole.tokens_in,
        whole.tokens_out,
    )
    assert whole.first_token_ms is None


async def test_refusal_in_pieces_is_a_refusal(ask: Ask) -> None:
    _, completion = await ask("refuses")

    assert completion.outcome == "refused"


async def test_stream_that_does_not_end_in_time_is_a_timeout_with_what_had_arrived(ask: Ask) -> None:
    job, completion = await ask("endless", timeout_s=0.3)

    assert (completion, job.outcome, job.detail) == (None, "timeout", "the answer was not whole within 0.3 s")
    assert job.partial.text
    assert [attempt.billed for attempt in job.attempts] == ["possibly"]


@pytest.mark.parametrize("model", ["late", "stalls"])
async def test_stream_whose_first_token_is_late_is_a_timeout_without_any(ask: Ask, model: str) -> None:
    job, _ = await ask(model, timeout_s=0.2)

    assert (job.outcome, job.detail, job.partial) == ("timeout", "no answer within 0.2 s", None)


async def test_stream_that_is_cut_is_tried_again_and_keeps_what_had_arrived(ask: Ask) -> None:
    job, completion = await ask("cut")

    assert (completion, job.outcome, job.call_count) == (None, "invalid_output", 2)
    assert job.partial.text
    assert "chatcmpl" in job.raw_response
    assert [attempt.billed for attempt in job.attempts] == ["possibly"] * 2


async def test_stream_that_is_cut_once_comes_whole_at_the_second_try(ask: Ask) -> None:
    job, completion = await ask("cut-once")

    assert (completion.outcome, job.partial, [attempt.outcome for attempt in job.attempts]) == (
        "ok",
        None,
        ["invalid_output"],
    )
