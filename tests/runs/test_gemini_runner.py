"""The runner of the Gemini API against a server that keeps to its reference, and what its errors mean."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.base import Connection
from runs.runners.gemini import GeminiRunner
from runs.runners.gemini_errors import classify
from runs.transport import HttpTransport
from tests.runs.fake_transport import response
from tests.wire.gemini import KEY, MODELS, QUOTA, GeminiApi, error, quota
from tests.wire.server import Answer, WireServer, serving

URL = "https://there/v1beta/models/m:generateContent"


@pytest.fixture
def server() -> Iterator[WireServer]:
    """The API."""
    with serving(GeminiApi()) as running:
        yield running


@pytest.fixture
async def runner(server: WireServer) -> AsyncIterator[GeminiRunner]:
    """A runner that asks it."""
    async with HttpTransport(allow_private=True) as transport:
        yield GeminiRunner(Connection("p", server.url, KEY), transport)


def asked(model: str = "gemini-small", **params: Any) -> Request:
    """Return a call with a message of the system."""
    roles = {"system": "Numbers only.", "user": "2+2=?"}
    messages = [{"role": role, "parts": [{"type": "text", "text": words}]} for role, words in roles.items()]
    return Request(model, messages, params)


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_complete_answers_with_thoughts_and_usage(runner: GeminiRunner, is_streamed: bool) -> None:
    found = await runner.complete(asked(temperature=0, stream=is_streamed))

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("4", "ok", 12, 7)
    assert found.message["reasoning"] == "Add them."
    assert (found.first_token_ms is not None) == is_streamed


async def test_complete_with_tools_keeps_the_calls(runner: GeminiRunner) -> None:
    found = await runner.complete(asked(tools=[{"type": "function", "function": {"name": "add"}}]))

    assert [call["name"] for call in found.message["tool_calls"]] == ["add"]


@pytest.mark.parametrize(
    ("model", "outcome"), [("gemini-strict", "refused"), ("gemini-filtered", "refused"), ("gemini-wordy", "truncated")]
)
async def test_complete_of_an_answer_that_is_none_says_why(runner: GeminiRunner, model: str, outcome: str) -> None:
    assert (await runner.complete(asked(model))).outcome == outcome


async def test_complete_of_an_unknown_model_names_those_there_are(runner: GeminiRunner) -> None:
    with pytest.raises(NeedsPerson, match=f'"gemini-none" is unknown .*There are: {", ".join(MODELS)}'):
        await runner.complete(asked("gemini-none"))


async def test_complete_with_a_field_that_is_refused_names_it(runner: GeminiRunner) -> None:
    with pytest.raises(NeedsPerson, match="the parameter colour"):
        await runner.complete(asked(extra_body={"generationConfig": {"colour": "red"}}))


async def test_models_are_those_that_generate_content(runner: GeminiRunner) -> None:
    assert await runner.models() == MODELS


def classified(answer: Answer, **params: Any) -> Any:
    """Return what an error means."""
    return classify(response(answer.status, answer.body), url=URL, request=asked(**params), now=datetime.now(UTC))


@pytest.mark.parametrize("delay", ["27s", "27.000s"])
def test_quota_of_the_minute_waits_as_its_details_say(delay: str) -> None:
    found = classified(quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", delay))

    assert isinstance(found, CallFailed)
    assert (found.outcome, found.is_retriable, found.retry_after_s) == ("rate_limited", True, 27.0)


def test_quota_without_details_may_be_tried_again() -> None:
    found = classified(error(429, "RESOURCE_EXHAUSTED", QUOTA))

    assert isinstance(found, CallFailed)
    assert (found.outcome, found.retry_after_s) == ("rate_limited", None)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), "no quota left today"),
        (error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "no credit"),
        (error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), "from elsewhere"),
        (error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), "bad key"),
        (error(400, "INVALID_ARGUMENT", "JSON mode is not enabled for models/m"), "the parameter JSON mode"),
        (error(400, "INVALID_ARGUMENT", "maxOutputTokens must be positive"), "the parameter max_tokens"),
        (Answer(403, [error(403, "PERMISSION_DENIED", "Denied.").body]), "bad key"),
    ],
)
def test_error_that_no_repetition_mends_needs_a_person(answer: Answer, sentence: str) -> None:
    with pytest.raises(NeedsPerson, match=sentence):
        raise classified(answer, max_tokens=5)
