"""What every runner keeps to, whatever its kind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from evalsite.plugins import runners
from experiments.blobs import default_store
from experiments.options import Options
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.outcomes import ANSWERED, ERRORS
from runs.runners.base import Connection, Runner
from runs.runners.python import PythonRunner
from runs.simulator.thread import SimulatorThread, default_simulator, running_simulator
from runs.transport import HttpTransport
from tests.wire import agent, anthropic, gemini
from tests.wire.agent import AgentApi
from tests.wire.anthropic import AnthropicApi
from tests.wire.gemini import GeminiApi
from tests.wire.server import Api, serving

KINDS = ("openai", "anthropic", "gemini", "http", "python", "simulator", "replay")
APIS: dict[str, tuple[type[Api], str]] = {
    "anthropic": (AnthropicApi, anthropic.KEY),
    "gemini": (GeminiApi, gemini.KEY),
    "http": (AgentApi, agent.KEY),
}
MODELS = {"anthropic": "claude-small", "gemini": "gemini-small", "http": "swift"}
OPTIONS = {"http": agent.OPTIONS, "python": {"callable": "tests.wire.callables.answer"}}
RECORDED = b'{"key": "known", "output": "A: 4"}\n'


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> None:
    """An own data directory."""
    settings.DATA_DIR = tmp_path


@asynccontextmanager
async def working(kind: str) -> AsyncIterator[Runner]:
    """A runner of a kind that works."""
    async with HttpTransport(allow_private=True) as transport:
        if kind == "replay":
            yield runners.get(kind)(Connection("p", f"blob:{default_store().put(RECORDED)}"), transport)
        elif kind == "python":
            yield runners.get(kind)(Connection("p", "", options=OPTIONS[kind]), transport)
        elif kind in APIS:
            api, key = APIS[kind]
            with serving(api()) as server:
                yield runners.get(kind)(Connection("p", server.url, key, options=OPTIONS.get(kind, {})), transport)
        elif kind == "openai":
            with SimulatorThread(default_simulator()) as thread:
                yield runners.get(kind)(Connection("p", thread.address.url, thread.address.key), transport)
        else:
            with running_simulator():
                yield runners.get(kind)(Connection("p", ""), transport)


def broken(kind: str, transport: Any) -> Runner:
    """Return a runner whose provider is not there."""
    if kind == "python":
        return PythonRunner(Connection("p", "", options={"callable": "tests.wire.callables.nothing"}), transport)
    base_url = {"simulator": "", "replay": "blob:" + "0" * 64}.get(kind, "http://127.0.0.1:1/v1")
    runner: Runner = runners.get(kind)(Connection("p", base_url, "a key", options=OPTIONS.get(kind, {})), transport)
    return runner


def known_request(kind: str) -> Request:
    """Return a request that the working runner of a kind can answer."""
    messages = [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}]
    return Request(MODELS.get(kind, "sim-instant"), messages, {"temperature": 0}, item_key="known")


def test_kinds_tested_here_are_all_that_ship() -> None:
    assert set(runners.kinds()) >= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
class TestRunner:
    """The contract."""

    def test_runner_describes_itself(self, kind: str) -> None:
        found = runners.get(kind)

        assert issubclass(found, Runner)
        assert found.label
        assert found.help_text.endswith(("…", "."))
        assert issubclass(found.Options, Options)

    def test_options_without_any_given_are_complete(self, kind: str) -> None:
        form = runners.get(kind).Options

        assert form.parse(form.parse({})) == form.parse({})

    async def test_complete_returns_an_answered_completion_with_its_message(self, kind: str) -> None:
        async with working(kind) as runner:
            found = await runner.complete(known_request(kind))

        assert isinstance(found, Completion)
        assert found.outcome in ANSWERED
        assert found.text.endswith("4")
        assert found.message["role"] == "assistant"
        assert found.message["parts"] == [{"type": "text", "text": found.text}]

    async def test_complete_of_the_same_request_twice_gives_the_same(self, kind: str) -> None:
        async with working(kind) as runner:
            assert await runner.complete(known_request(kind)) == await runner.complete(known_request(kind))

    async def test_complete_without_its_provider_raises_classified_errors_only(self, kind: str) -> None:
        async with HttpTransport(allow_private=True) as transport:
            with pytest.raises((CallFailed, NeedsPerson)) as caught:
                await broken(kind, transport).complete(known_request(kind))

        assert str(caught.value)
        assert getattr(caught.value, "outcome", ERRORS[0]) in ERRORS

    async def test_models_of_a_working_provider_are_texts(self, kind: str) -> None:
        async with working(kind) as runner:
            found = await runner.models()

        assert all(isinstance(model, str) for model in found)
        assert len(set(found)) == len(found)

    async def test_models_without_its_provider_raises_classified_errors_only(self, kind: str) -> None:
        async with HttpTransport(allow_private=True) as transport:
            with pytest.raises((CallFailed, NeedsPerson)):
                await broken(kind, transport).models()
