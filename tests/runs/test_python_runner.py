"""The runner for callables of installed packages: what they are given, return and raise, and who may name them."""

import sys
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from django.core.exceptions import PermissionDenied
from pytest_django.fixtures import Settings

from experiments.actions import ActionRefused, create_provider
from experiments.models import Project, Provider
from experiments.options import OptionError
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.lanes.supplies import runner_of
from runs.runners.base import Connection
from runs.runners.python import PythonRunner
from tests.factories import ProviderFactory
from tests.runs.fake_transport import FakeTransport
from tests.wire import callables

KEY = "canary-key-4711"
HERE = "tests.wire.callables"
ASKED = Request("m", [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}], {"temperature": 0.5}, "sum-1", 2)
LISTED = f"{HERE}.answer"


def runner(name: str) -> PythonRunner:
    """Return a runner of a callable."""
    return PythonRunner(Connection("p", "http://there", KEY, options={"callable": f"{HERE}.{name}"}), FakeTransport([]))


@pytest.fixture
def returning(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have a callable that returns or raises this."""

    def make(value: Any) -> PythonRunner:
        async def function(_messages: Any) -> Any:
            if isinstance(value, Exception):
                raise value
            return value

        monkeypatch.setattr(callables, "made", function, raising=False)
        return runner("made")

    return make


async def test_complete_awaits_the_callable() -> None:
    found = await runner("answer").complete(ASKED)

    assert (found.text, found.outcome, found.tokens_in, found.first_token_ms) == ("4", "ok", None, None)


async def test_callable_is_given_what_it_names() -> None:
    found = await runner("tell").complete(ASKED)

    assert found.text == str([{"role": "user", "content": "2+2=?"}]) + " " + str(
        [
            ("api_key", KEY),
            ("base_url", "http://there"),
            ("key", "sum-1"),
            ("model", "m"),
            ("params", {"temperature": 0.5}),
            ("sample", 2),
        ]
    )
    assert (found.tokens_in, found.tokens_out) == (5, 2)


async def test_object_that_is_called_may_answer_in_parts() -> None:
    found = await runner("agent").complete(ASKED)

    assert (found.text, found.message["reasoning"]) == ("hot 0.5", "of 1")
    assert found.message["tool_calls"] == [{"id": "c1", "name": "add", "arguments": '{"a":1}'}]


async def test_generator_answers_piece_by_piece() -> None:
    found = await runner("piecewise").complete(ASKED)

    assert (found.text, found.outcome, found.detail) == ("It is 4", "truncated", "enough")
    assert (found.tokens_in, found.tokens_out, found.first_token_ms is None) == (7, 3, False)


async def test_generator_that_breaks_off_leaves_what_had_come() -> None:
    with pytest.raises(CallFailed, match="ConnectionResetError: gone") as caught:
        await runner("broken_off").complete(ASKED)

    partial = ASKED.draft.take()
    assert partial is not None
    assert (partial.text, caught.value.is_unreachable) == ("half of 1", True)


async def test_models_are_those_that_the_callable_names() -> None:
    assert await runner("answer").models() == ["any", "other"]
    assert await runner("tell").models() == []


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        (None, "returned NoneType: a text or a mapping"),
        (4, "returned int"),
        ({"text": 4}, "returned dict"),
        ({"text": "4", "tokens": 3}, 'returned "tokens"; there are text, outcome'),
        ({"text": "4", "outcome": "timeout"}, 'the outcome "timeout"; there are ok'),
        ({"text": "4", "tool_calls": ["add"]}, "tool_calls that are none"),
    ],
)
async def test_return_value_that_is_no_answer_is_invalid(returning: Any, value: Any, detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        await returning(value).complete(ASKED)

    assert (caught.value.outcome, caught.value.is_retriable) == ("invalid_output", False)


class BadGateway(Exception):
    """What a client of HTTP might raise."""

    status = 502


def answer_with(status: int, text: str = "x", **headers: str) -> httpx.HTTPStatusError:
    """Return what httpx raises for an answer."""
    request = httpx.Request("POST", "http://there")
    answer = httpx.Response(
        status, headers={name.replace("_", "-"): one for name, one in headers.items()}, request=request
    )
    return httpx.HTTPStatusError(text, request=request, response=answer)


@pytest.mark.parametrize(
    ("error", "outcome", "is_retriable", "retry_after_s"),
    [
        (answer_with(429, retry_after="3"), "rate_limited", True, 3.0),
        (answer_with(503), "provider_error", True, None),
        (answer_with(400), "provider_error", False, None),
        (BadGateway("broken"), "provider_error", True, None),
        (httpx.ConnectError("refused"), "provider_error", True, None),
        (aiohttp.ServerDisconnectedError(), "provider_error", True, None),
        (ConnectionRefusedError("refused"), "provider_error", True, None),
        (httpx.ReadTimeout("slow"), "timeout", False, None),
        (TimeoutError("slow"), "timeout", False, None),
        (ValueError("odd"), "runner_error", False, None),
        (CallFailed("invalid_output", "half an answer"), "invalid_output", True, None),
    ],
)
async def test_exception_is_classified(
    returning: Any, error: Exception, outcome: str, is_retriable: bool, retry_after_s: float | None
) -> None:
    with pytest.raises(CallFailed) as caught:
        await returning(error).complete(ASKED)

    found = caught.value
    assert (found.outcome, found.is_retriable, found.retry_after_s) == (outcome, is_retriable, retry_after_s)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (answer_with(401), "bad key: .*callables.made"),
        (answer_with(402), "no credit"),
        (answer_with(404, "model m does not exist"), 'the model "m" is unknown'),
        (NeedsPerson("ask Ann"), "ask Ann"),
    ],
)
async def test_exception_that_no_repetition_mends_needs_a_person(
    returning: Any, error: Exception, sentence: str
) -> None:
    with pytest.raises(NeedsPerson, match=sentence):
        await returning(error).complete(ASKED)


async def test_input_that_is_too_long_is_truncated(returning: Any) -> None:
    found = await returning(answer_with(400, "maximum context length is 9")).complete(ASKED)

    assert isinstance(found, Completion)
    assert (found.outcome, found.detail) == ("truncated", "input too long")


@pytest.mark.parametrize("error", [ValueError(KEY), answer_with(500, KEY), answer_with(401, KEY), NeedsPerson(KEY)])
async def test_exception_tells_no_key(returning: Any, error: Exception) -> None:
    with pytest.raises((CallFailed, NeedsPerson)) as caught:
        await returning(error).complete(ASKED)

    assert "canary" not in f"{caught.value} {vars(caught.value)}"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "callable: name an async callable of an installed package"),
        ("os", "callable: name an async callable"),
        ("no.such.module", "no.such.module cannot be imported: ModuleNotFoundError"),
        (f"{HERE}.missing", "cannot be imported: ImportError"),
        (f"{HERE}.nothing", "is no callable"),
        (f"{HERE}.blocking", "is no async callable: write `async def`"),
        (f"{HERE}.greedy", "takes the messages, and by name model, params"),
    ],
)
def test_callable_that_cannot_answer_is_refused_with_a_sentence(path: str, sentence: str) -> None:
    assert sentence in PythonRunner.unfit({"callable": path}, is_operators=True)


async def test_callable_that_is_gone_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match=r"p: .*missing cannot be imported"):
        await runner("missing").complete(ASKED)


def test_module_that_raises_while_it_is_imported_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "raising_agent.py").write_text("raise RuntimeError('not today')\n")
    monkeypatch.syspath_prepend(tmp_path)

    found = PythonRunner.unfit({"callable": "raising_agent.answer"}, is_operators=True)

    assert "cannot be imported: RuntimeError: not today" in found


@pytest.mark.django_db
class TestWhoMayName:
    """Only the command line may name any callable."""

    def test_command_line_may_name_any(self, project: Project) -> None:
        provider = create_provider(project=project, by=None, name="a", kind="python", options={"callable": LISTED})

        assert isinstance(runner_of(provider, FakeTransport([])), PythonRunner)

    def test_editor_may_not_and_nothing_is_imported(
        self, project: Project, editor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "unlisted_agent.py").write_text("async def answer(messages): return 'x'\n")
        monkeypatch.syspath_prepend(tmp_path)

        with pytest.raises(ActionRefused, match="only the command line may name any callable") as refusal:
            create_provider(
                project=project, by=editor, name="a", kind="python", options={"callable": "unlisted_agent.answer"}
            )

        assert refusal.value.field == "options"
        assert "unlisted_agent" not in sys.modules

    def test_editor_may_name_what_is_listed(self, project: Project, editor: Any, settings: Settings) -> None:
        settings.CALLABLES = [LISTED]

        provider = create_provider(project=project, by=editor, name="a", kind="python", options={"callable": LISTED})

        assert isinstance(runner_of(provider, FakeTransport([])), PythonRunner)

    def test_provider_whose_callable_is_listed_no_more_is_not_called(self, project: Project) -> None:
        provider: Provider = ProviderFactory(project=project, kind="python", options={"callable": LISTED})

        with pytest.raises(OptionError, match="only the command line may name any callable"):
            runner_of(provider, FakeTransport([]))

    def test_viewer_may_name_nothing(self, project: Project, viewer: Any) -> None:
        with pytest.raises(PermissionDenied):
            create_provider(project=project, by=viewer, name="a", kind="python", options={"callable": LISTED})
