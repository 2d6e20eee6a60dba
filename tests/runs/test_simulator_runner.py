"""The runner of the simulator: it finds its endpoint by itself."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.base import Connection
from runs.runners.simulator import SimulatorRunner
from runs.simulator.address import SimulatorAddress, announce
from runs.simulator.thread import running_simulator
from runs.transport import HttpTransport
from tests.runs.fake_transport import FakeTransport, completion, response

ADDRESS = SimulatorAddress("http://127.0.0.1:5555/v1", "first-key")
MOVED = SimulatorAddress("http://127.0.0.1:6666/v1", "second-key")
HERE = Connection("simulator", "")
REFUSED = CallFailed("provider_error", "refused", is_unreachable=True)


def asking(model: str = "sim-instant", text: str = "2+2=?", sample: int = 0) -> Request:
    """Return a request of one message."""
    return Request(model, [{"role": "user", "parts": [{"type": "text", "text": text}]}], {}, sample=sample)


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    """An own data directory."""
    settings.DATA_DIR = tmp_path


async def test_complete_calls_the_announced_address_with_its_key_and_the_sample() -> None:
    announce(ADDRESS)
    transport = FakeTransport([response(200, completion())])

    await SimulatorRunner(HERE, transport).complete(asking(sample=2))

    call = transport.calls[0]
    assert call.url == "http://127.0.0.1:5555/v1/chat/completions"
    assert (call.headers["Authorization"], call.headers["X-Evalsite-Sample"]) == ("Bearer first-key", "2")
    assert call.url in transport.trusted


async def test_complete_while_no_simulator_runs_is_unreachable_and_says_how_to_start_it() -> None:
    with pytest.raises(CallFailed, match="not running: start it with `evalsite simulator`") as caught:
        await SimulatorRunner(HERE, FakeTransport([])).complete(asking())

    assert caught.value.is_unreachable


async def test_complete_after_a_refused_connection_looks_the_address_up_anew() -> None:
    announce(ADDRESS)
    transport = FakeTransport([REFUSED, response(200, completion("found"))])
    runner = SimulatorRunner(HERE, transport)

    with pytest.raises(CallFailed):
        await runner.complete(asking())
    announce(MOVED)
    found = await runner.complete(asking())

    assert found.text == "found"
    assert [call.headers["Authorization"] for call in transport.calls] == ["Bearer first-key", "Bearer second-key"]


async def test_complete_of_a_provider_with_a_base_url_calls_that_one() -> None:
    announce(ADDRESS)
    transport = FakeTransport([response(200, completion())])

    await SimulatorRunner(Connection("s", "http://10.0.0.9:80/v1", api_key="own"), transport).complete(asking())

    assert transport.calls[0].url == "http://10.0.0.9:80/v1/chat/completions"
    assert transport.calls[0].headers["Authorization"] == "Bearer own"
    assert transport.trusted == []


async def test_complete_over_http_answers_also_where_private_addresses_are_forbidden() -> None:
    with running_simulator():
        async with HttpTransport(allow_private=False) as transport:
            runner = SimulatorRunner(HERE, transport)
            found = await runner.complete(asking())
            models = await runner.models()

    assert (found.text, found.outcome) == ("4", "ok")
    assert models[-1] == "sim-instant"


async def test_complete_over_http_of_an_unknown_model_names_those_there_are() -> None:
    with running_simulator():
        async with HttpTransport(allow_private=True) as transport:
            with pytest.raises(NeedsPerson, match=r'"gpt" is unknown .* There are: sim-large, .*sim-instant'):
                await SimulatorRunner(HERE, transport).complete(asking("gpt"))


async def test_complete_over_http_of_a_simulator_that_ended_is_unreachable() -> None:
    async with HttpTransport(allow_private=True) as transport:
        runner = SimulatorRunner(HERE, transport)
        with running_simulator():
            await runner.complete(asking())

        with pytest.raises(CallFailed) as caught:
            await runner.complete(asking())

    assert caught.value.is_unreachable
