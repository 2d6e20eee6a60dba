"""The runner of OpenAI-compatible endpoints, on a fake transport; and what it never tells."""

from typing import Any

import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.base import Connection, HttpResponse
from runs.runners.openai import OpenAIRunner
from tests.runs.fake_transport import FakeTransport, completion, response

KEY, TEAM, QUERY = 'canary-key-"1"', "canary-team-2", "canary-query-3"
ECHO = f"your key {KEY}, team {TEAM}, {QUERY}"
ECHO_AT_THE_CUT = "x" * (64 * 1024 - 60) + "canary-team-2" * 9
REQUEST = Request("m", [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}], {"temperature": 0})


def runner_on(*answers: HttpResponse | Exception) -> tuple[OpenAIRunner, FakeTransport]:
    """Return a runner with a key, a header and a query, all of them secret."""
    transport = FakeTransport(list(answers))
    connection = Connection("p", f"http://there/v1?key={QUERY}", api_key=KEY, headers={"X-Team": TEAM})
    return OpenAIRunner(connection, transport), transport


async def text_of_failure(*answers: HttpResponse | Exception) -> str:
    """Return everything that is kept or shown of a call that fails."""
    runner, _ = runner_on(*answers)
    with pytest.raises((CallFailed, NeedsPerson)) as caught:
        await runner.complete(REQUEST)
    error = caught.value
    return " ".join([str(error), repr(error), str(vars(error)), str(error.args)])


async def test_complete_sends_key_headers_and_body_to_the_endpoint() -> None:
    runner, transport = runner_on(response(200, completion("4")))

    found = await runner.complete(REQUEST)

    call = transport.calls[0]
    assert found.text == "4"
    assert (call.method, call.url) == ("POST", f"http://there/v1/chat/completions?key={QUERY}")
    assert call.headers == {"Content-Type": "application/json", "X-Team": TEAM, "Authorization": f"Bearer {KEY}"}
    assert call.body["model"] == "m"


async def test_complete_without_a_key_sends_no_authorization() -> None:
    transport = FakeTransport([response(200, completion())])

    await OpenAIRunner(Connection("p", "http://there"), transport).complete(REQUEST)

    assert "Authorization" not in transport.calls[0].headers


@pytest.mark.parametrize(
    "answer",
    [
        response(401, {"error": {"message": ECHO}}),
        response(400, {"error": {"message": ECHO, "param": "temperature"}}),
        response(429, {"error": {"message": ECHO, "code": "insufficient_quota"}}),
        response(429, {"error": {"message": ECHO}}),
        response(500, ECHO.encode()),
        response(500, {"error": {"message": ECHO}}),
        response(500, ECHO_AT_THE_CUT.encode()),
        response(500, {"error": {"message": "x" * 475 + KEY}}),
        response(200, {"error": {"message": ECHO}}),
        response(200, b"no JSON " + ECHO.encode()),
        response(200, b"<html>"),
        response(307, b"", location=ECHO),
        CallFailed("provider_error", ECHO, is_unreachable=True),
        NeedsPerson(ECHO),
    ],
)
async def test_complete_that_fails_tells_neither_key_nor_header_nor_query(answer: Any) -> None:
    text = await text_of_failure(answer)

    assert "canary" not in text


async def test_complete_of_an_unknown_model_names_up_to_five_that_there_are() -> None:
    models = {"data": [{"id": f"model-{number}"} for number in range(7)]}
    runner, transport = runner_on(response(404, {"error": {"message": "model not found"}}), response(200, models))

    with pytest.raises(NeedsPerson) as caught:
        await runner.complete(REQUEST)

    assert str(caught.value).endswith("There are: model-0, model-1, model-2, model-3, model-4 and 2 more.")
    assert transport.calls[1].url == f"http://there/v1/models?key={QUERY}"


@pytest.mark.parametrize("listing", [response(500, b""), response(200, {}), NeedsPerson("x")])
async def test_complete_of_an_unknown_model_without_a_list_says_the_rest(listing: Any) -> None:
    text = await text_of_failure(response(404, {"error": {"message": "model not found: m " + ECHO}}), listing)

    assert 'the model "m" is unknown' in text
    assert "canary" not in text


async def test_complete_of_a_too_long_input_keeps_the_body_without_secrets() -> None:
    runner, _ = runner_on(response(400, {"error": {"message": "maximum context length " + ECHO}}))

    found = await runner.complete(REQUEST)

    assert found.outcome == "truncated"
    assert "canary" not in str(found)


async def test_models_are_listed_with_the_key() -> None:
    runner, transport = runner_on(response(200, {"data": [{"id": "a"}]}))

    assert await runner.models() == ["a"]
    assert transport.calls[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "answer", [response(401, ECHO.encode()), response(500, ECHO.encode()), response(200, ECHO.encode())]
)
async def test_models_that_fail_tell_no_secret(answer: HttpResponse) -> None:
    runner, _ = runner_on(answer)

    with pytest.raises((CallFailed, NeedsPerson)) as caught:
        await runner.models()

    assert "canary" not in f"{caught.value} {vars(caught.value)}"


def test_connection_shown_in_a_log_hides_key_and_headers() -> None:
    connection = Connection("p", "http://there", api_key=KEY, headers={"X-Team": TEAM})

    assert "canary" not in repr(connection)
