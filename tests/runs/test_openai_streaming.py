"""The OpenAI-compatible runner with answers that come in pieces: when it asks so, and what breaks off."""

from typing import Any

import pytest

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection, StreamedResponse
from runs.runners.openai import OpenAIRunner
from tests.runs.fake_transport import FakeTransport, completion, response, streamed

KEY = "canary-key-1"
HALF = b'data: {"choices": [{"index": 0, "delta": {"content": "half"}}]}\n\n'
REST = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}\n\n'
DONE = b"data: [DONE]\n\n"
REFUSAL = {"error": {"message": "Unrecognized request argument supplied: stream_options"}}


def request(**params: Any) -> Request:
    """Return a call."""
    return Request("m", [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}], params)


def runner_on(*answers: Any, stream: bool = True) -> tuple[OpenAIRunner, FakeTransport]:
    """Return a runner of a provider that streams, or not."""
    transport = FakeTransport(list(answers))
    connection = Connection("p", "http://there/v1", api_key=KEY, options={"stream": stream})
    return OpenAIRunner(connection, transport), transport


async def failure_of(*answers: Any) -> tuple[CallFailed, Completion | None]:
    """Return what a streamed call fails with, and what had arrived."""
    runner, _ = runner_on(*answers)
    asked = request()
    with pytest.raises(CallFailed) as caught:
        await runner.complete(asked)
    return caught.value, asked.draft.take()


def whole_answer() -> StreamedResponse:
    """Return a streamed answer of one word."""
    return streamed(HALF, REST + USAGE, DONE)


async def test_complete_asks_for_a_stream_with_usage_and_puts_it_together() -> None:
    runner, transport = runner_on(whole_answer())

    found = await runner.complete(request(temperature=0))

    call = transport.calls[0]
    assert (call.method, call.body["stream"], call.body["stream_options"]) == ("STREAM", True, {"include_usage": True})
    assert (found.text, found.tokens_in, found.tokens_out) == ("half", 7, 3)
    assert found.first_token_ms is not None


@pytest.mark.parametrize(
    ("provider", "params", "method"),
    [
        (False, {}, "POST"),
        (True, {"stream": False}, "POST"),
        (True, {"extra_body": {"stream": False}}, "POST"),
        (False, {"stream": True}, "STREAM"),
        (False, {"extra_body": {"stream": True}}, "STREAM"),
        (True, {}, "STREAM"),
    ],
)
async def test_candidates_word_on_streaming_goes_before_the_providers(
    provider: bool, params: dict[str, Any], method: str
) -> None:
    answers = {"POST": response(200, completion("half")), "STREAM": whole_answer()}
    runner, transport = runner_on(answers[method], stream=provider)

    assert (await runner.complete(request(**params))).text == "half"

    assert transport.calls[0].method == method


async def test_endpoint_that_refuses_stream_options_is_asked_again_without_and_from_then_on() -> None:
    runner, transport = runner_on(response(400, REFUSAL), whole_answer(), whole_answer())

    await runner.complete(request())
    await runner.complete(request())

    assert ["stream_options" in call.body for call in transport.calls] == [True, False, False]


async def test_endpoint_that_refuses_to_stream_needs_a_person() -> None:
    runner, _ = runner_on(response(400, {"error": {"message": "unsupported parameter: stream", "param": "stream"}}))

    with pytest.raises(NeedsPerson, match="does not take the parameter stream"):
        await runner.complete(request())


async def test_endpoint_that_does_not_stream_after_all_answers_without_a_first_token() -> None:
    runner, _ = runner_on(response(200, completion("4"), content_type="application/json"))

    found = await runner.complete(request())

    assert (found.text, found.first_token_ms) == ("4", None)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (response(429, {"error": {"message": "slow down"}}, retry_after="3"), "rate_limited"),
        (response(503, b"down"), "provider_error"),
        (CallFailed("provider_error", "refused", is_unreachable=True), "provider_error"),
    ],
)
async def test_errors_before_a_stream_are_those_of_any_call(answer: Any, outcome: str) -> None:
    failure, partial = await failure_of(answer)

    assert (failure.outcome, partial) == (outcome, None)


@pytest.mark.parametrize(
    ("pieces", "detail"),
    [
        (
            (HALF, CallFailed("invalid_output", "the answer was cut short: x", status=200)),
            "the answer was cut short: x",
        ),
        ((HALF,), "the stream ended before the answer did"),
        ((HALF, b'data: {"error": {"message": "overloaded"}}\n\n'), "an error in the stream: overloaded"),
        ((HALF, b"data: {broken\n\n"), "an event of the stream is no JSON object"),
    ],
)
async def test_stream_that_breaks_off_is_invalid_output_with_its_body_and_what_had_arrived(
    pieces: Any, detail: str
) -> None:
    failure, partial = await failure_of(streamed(*pieces))

    assert (failure.outcome, failure.detail, failure.is_retriable) == ("invalid_output", detail, True)
    assert failure.raw_response is not None
    assert failure.raw_response.startswith(HALF.decode())
    assert partial is not None
    assert (partial.text, partial.first_token_ms is None) == ("half", False)


@pytest.mark.parametrize(
    "error",
    [
        f'data: {{"error": {{"message": "your key {KEY}"}}}}\n\n'.encode(),
        f'data: {{"error": {{"message": "{"x" * 490}{KEY}"}}}}\n\n'.encode(),
        b": " + b"x" * (64 * 1024 - len(HALF) - 6) + KEY.encode() * 9 + b"\n\ndata: {broken\n\n",
    ],
)
async def test_stream_that_fails_tells_no_key(error: bytes) -> None:
    failure, _ = await failure_of(streamed(HALF, error))

    assert "canary" not in f"{failure} {vars(failure)}"


async def test_stream_that_goes_on_behind_its_final_mark_is_not_waited_for() -> None:
    never = CallFailed("invalid_output", "cut short", status=200)
    runner, _ = runner_on(streamed(HALF, REST, DONE, never))

    assert (await runner.complete(request())).text == "half"
