"""The runner of the Messages API against a server that keeps to its reference."""

from collections.abc import AsyncIterator, Iterator

import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.anthropic import AnthropicRunner
from runs.runners.base import Connection
from runs.transport import HttpTransport
from tests.runs.fake_transport import FakeTransport, response
from tests.wire.anthropic import KEY, MODELS, AnthropicApi, message, text
from tests.wire.server import WireServer, serving


@pytest.fixture
def server() -> Iterator[WireServer]:
    """The API."""
    with serving(AnthropicApi()) as running:
        yield running


@pytest.fixture
async def runner(server: WireServer) -> AsyncIterator[AnthropicRunner]:
    """A runner that asks it."""
    async with HttpTransport(allow_private=True) as transport:
        yield AnthropicRunner(Connection("p", server.url, KEY, {"anthropic-beta": "a-feature"}), transport)


def asked(model: str = "claude-small", **params: object) -> Request:
    """Return a call with a message of the system."""
    roles = {"system": "Numbers only.", "user": "2+2=?"}
    messages = [{"role": role, "parts": [{"type": "text", "text": words}]} for role, words in roles.items()]
    return Request(model, messages, params)


async def test_complete_answers_with_usage(runner: AnthropicRunner, server: WireServer) -> None:
    found = await runner.complete(asked(temperature=0))

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("4", "ok", 12, 3)
    sent = server.asked[0]
    assert (sent.headers["anthropic-version"], sent.headers["anthropic-beta"]) == ("2023-06-01", "a-feature")
    assert sent.headers["content-type"] == "application/json"
    assert sent.body["max_tokens"] == 4096


async def test_complete_with_thinking_keeps_it_beside_the_text(runner: AnthropicRunner) -> None:
    found = await runner.complete(asked(extra_body={"thinking": {"type": "enabled", "budget_tokens": 5000}}))

    assert (found.text, found.message["reasoning"]) == ("4", "Add them.")


async def test_complete_with_tools_keeps_the_calls(runner: AnthropicRunner) -> None:
    found = await runner.complete(asked(tools=[{"type": "function", "function": {"name": "add"}}]))

    assert (found.text, found.outcome) == ("", "ok")
    assert found.message["tool_calls"] == [{"id": "toolu_01", "name": "add", "arguments": '{"a":1,"b":2}'}]


async def test_complete_of_a_refusal_says_why(runner: AnthropicRunner) -> None:
    found = await runner.complete(asked("claude-strict"))

    assert (found.outcome, found.detail) == ("refused", "It may do harm.")


async def test_complete_of_an_overload_may_be_tried_again(runner: AnthropicRunner) -> None:
    with pytest.raises(CallFailed, match="529: Overloaded"):
        await runner.complete(asked("claude-busy"))

    assert (await runner.complete(asked("claude-busy"))).text == "4"


async def test_complete_of_an_unknown_model_names_those_there_are(runner: AnthropicRunner) -> None:
    with pytest.raises(NeedsPerson, match=f'"claude-none" is unknown .*There are: {", ".join(MODELS)}'):
        await runner.complete(asked("claude-none"))


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"max_tokens": 100_000}, "max_tokens"),
        ({"seed": 1, "extra_body": {"seed": 1}}, "seed"),
        ({"max_tokens": 100, "extra_body": {"thinking": {"type": "enabled", "budget_tokens": 200}}}, "max_tokens"),
    ],
)
async def test_complete_with_a_parameter_that_is_refused_names_it(
    runner: AnthropicRunner, params: dict[str, object], name: str
) -> None:
    with pytest.raises(NeedsPerson, match=f"the parameter {name} .*Change the candidate's parameters"):
        await runner.complete(asked(**params))


async def test_models_are_listed(runner: AnthropicRunner, server: WireServer) -> None:
    assert await runner.models() == MODELS
    assert server.asked[0].query == "limit=1000"


async def test_headers_of_the_provider_go_before_the_usual_ones() -> None:
    transport = FakeTransport([response(200, message([text("4")]))])
    connection = Connection("p", "", "a key", {"Anthropic-Version": "2027-01-01"}, {"max_tokens": 64})

    await AnthropicRunner(connection, transport).complete(asked())

    call = transport.calls[0]
    assert call.url == "https://api.anthropic.com/v1/messages"
    assert call.headers == {"Content-Type": "application/json", "Anthropic-Version": "2027-01-01", "x-api-key": "a key"}
    assert call.body["max_tokens"] == 64
