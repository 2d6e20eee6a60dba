"""Whole runs at providers of each wire format, over HTTP: right results, each once, whatever they answer between."""

from collections import Counter
from typing import Any

import pytest

from experiments.models import Experiment
from runs.actions import start_experiment
from runs.actions.testing import test_provider as try_provider
from runs.exchange import NeedsPerson
from runs.lanes.foreground import Foreground
from runs.lanes.supplies import LaneSupplies
from runs.models import Result, Run, RunStatus, Transcript
from scoring.models import Score
from tests.factories import ProviderFactory
from tests.fakes import FakeClock
from tests.runs.fake_transport import FakeTransport
from tests.runs.planned import candidate_at, sums
from tests.wire import agent, anthropic, gemini
from tests.wire.agent import AgentApi
from tests.wire.anthropic import AnthropicApi
from tests.wire.gemini import GeminiApi
from tests.wire.server import Api, WireServer, serving

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS = 6
APIS: dict[str, type[Api]] = {"anthropic": AnthropicApi, "gemini": GeminiApi, "http": AgentApi}
KEYS = {"anthropic": anthropic.KEY, "gemini": gemini.KEY, "http": agent.KEY}
OPTIONS = {"http": agent.OPTIONS}
RIGHT = {"anthropic": "claude-busy", "gemini": "gemini-busy", "http": "busy"}
CUT = {"anthropic": "claude-wordy", "gemini": "gemini-wordy", "http": "wordy"}
REFUSING = {"anthropic": "claude-strict", "gemini": "gemini-strict", "http": "strict"}


@pytest.fixture(params=APIS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kind, its key in the environment."""
    monkeypatch.setenv("WIRE_API_KEY", KEYS[request.param])
    return str(request.param)


def worked(kind: str, server: WireServer, model: str) -> Run:
    """Return the run of a model over some sums, worked on until it stands still."""
    experiment = sums(ITEMS)
    provider = ProviderFactory(
        project=experiment.project,
        kind=kind,
        base_url=server.url,
        api_key_env="WIRE_API_KEY",
        options=OPTIONS.get(kind, {}),
        is_from_command_line=True,
    )
    candidate_at(experiment, provider=provider, model=model)
    return run_of(experiment)


def run_of(experiment: Experiment) -> Run:
    """Return the run of the only candidate, worked on until it stands still."""
    foreground = Foreground()
    try:
        experiment.refresh_from_db()
        run = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs[0]
        foreground.work([run.pk])
    finally:
        foreground.leave()
    return Run.objects.get(pk=run.pk)


def outcomes_of(run: Run) -> Counter[str]:
    """Return how many results of a run came to what."""
    return Counter(Result.objects.of_run(run).values_list("outcome", flat=True))


@pytest.mark.both
def test_run_at_a_provider_that_fails_between_has_every_result_once(kind: str) -> None:
    with serving(APIS[kind]()) as server:
        run = worked(kind, server, RIGHT[kind])

    results = Result.objects.of_run(run)
    assert (run.status, outcomes_of(run)) == (RunStatus.COMPLETED, Counter(ok=ITEMS))
    assert set(Score.objects.filter(result_id__in=results.values("pk")).values_list("value", flat=True)) == {1.0}
    assert all(result.tokens_in and result.tokens_out for result in results)
    assert Transcript.objects.filter(result_id__in=results.values("pk")).count() == ITEMS


def test_run_that_is_cut_and_refused_says_so(kind: str) -> None:
    with serving(APIS[kind]()) as server:
        cut, refused = (worked(kind, server, model) for model in (CUT[kind], REFUSING[kind]))

    assert (outcomes_of(cut), outcomes_of(refused)) == (Counter(truncated=ITEMS), Counter(refused=ITEMS))


def test_run_with_a_wrong_key_pauses_and_stores_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRE_API_KEY", "canary-key-4711")
    with serving(APIS[kind]()) as server:
        run = worked(kind, server, RIGHT[kind])

    assert (run.status, outcomes_of(run)) == (RunStatus.PAUSED, Counter())
    assert "bad key" in run.status_reason
    assert "canary" not in run.status_reason


def test_test_of_a_provider_lists_models_and_brings_an_answer(kind: str) -> None:
    with serving(APIS[kind]()) as server:
        provider = ProviderFactory(
            kind=kind,
            base_url=server.url,
            api_key_env="WIRE_API_KEY",
            options=OPTIONS.get(kind, {}),
            is_from_command_line=True,
        )
        answer = try_provider(provider=provider, model="", by=None)

    assert (answer.error, answer.text) == ("", "ready")
    assert answer.model == answer.models[0]


def test_run_whose_provider_got_other_templates_since_pauses_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIRE_API_KEY", agent.KEY)
    with serving(AgentApi()) as server:
        run = worked("http", server, "swift")
        run.provider.options |= {"text": "elsewhere"}
        run.provider.save()
        supplies: Any = LaneSupplies(transport=FakeTransport([]), port=None, reuse=None, clock=FakeClock())  # type: ignore[arg-type]

        with pytest.raises(NeedsPerson, match="has other options than when this run was planned"):
            supplies.line_of(Run.objects.get(pk=run.pk))


def test_run_of_a_callable_has_every_result_once_and_says_what_an_item_raised() -> None:
    options = {"callable": "tests.wire.callables.seldom_answer"}
    experiment = sums(ITEMS)
    provider = ProviderFactory(
        project=experiment.project, kind="python", base_url="", options=options, is_from_command_line=True
    )
    candidate_at(experiment, provider=provider, model="any")

    run = run_of(experiment)

    assert (run.status, outcomes_of(run)) == (RunStatus.COMPLETED, Counter(ok=ITEMS - 1, runner_error=1))
    failed = Result.objects.of_run(run).get(outcome="runner_error")
    assert "KeyError: 'sum-3' (callables.py:" in failed.detail
