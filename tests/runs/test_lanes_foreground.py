"""Whole runs in this process, over HTTP: right results, each once, whatever the provider does."""

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from experiments.actions import ActionRefused, set_budget, set_monthly_budget
from experiments.models import Candidate, Experiment, Provider
from runs.actions import cancel_run, pause_run, retry_failed, start_experiment
from runs.execution import RunWork
from runs.lanes.claims import HeldUnit
from runs.lanes.foreground import Foreground
from runs.lanes.holdings import Holdings
from runs.live.progress import totals_of
from runs.models import FailedAttempt, Lane, Purse, PurseHold, Result, Run, RunStatus, Transcript, WorkUnit
from runs.plan import MIN_UNIT
from runs.simulator.server import Simulator
from scoring.boards.forecast import forecast_of
from scoring.boards.leaderboard import leaderboard
from scoring.models import Score
from tests.provider import KEY, free_port, provider
from tests.runs.planned import candidate_at, sums
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A provider whose key is in the environment."""
    monkeypatch.setenv("SIMULATED_API_KEY", KEY)
    with provider() as running:
        yield running


def competing(experiment: Experiment, simulator: Simulator, model: str = "right", **values: object) -> Candidate:
    """Return a candidate that asks a simulated model."""
    candidate = candidate_at(experiment, simulator.url, model=model, **values)
    type(candidate.provider).objects.update(api_key_env="SIMULATED_API_KEY", is_from_command_line=True)
    return candidate


def work(experiment: Experiment, meanwhile: Callable[[], object] | None = None) -> list[Run]:
    """Start the experiment and work until its runs stand still; `meanwhile` is done in another thread."""
    foreground = Foreground()
    try:
        experiment.refresh_from_db()
        runs = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs
        other = threading.Thread(target=in_thread(meanwhile or list))
        other.start()
        foreground.work([run.pk for run in runs])
        other.join()
    finally:
        foreground.leave()
    return [Run.objects.get(pk=run.pk) for run in runs]


def in_thread(act: Callable[[], object]) -> Callable[[], None]:
    """Return an act that leaves no connection behind."""

    def whole() -> None:
        from django.db import connections

        try:
            act()
        finally:
            connections.close_all()

    return whole


def outcomes_of(run: Run) -> Counter[str]:
    """Return how many results of a run came to what."""
    return Counter(Result.objects.of_run(run).values_list("outcome", flat=True))


@pytest.mark.both
def test_work_stores_every_result_with_its_score(simulator: Simulator) -> None:
    experiment = sums(40)
    competing(experiment, simulator)
    competing(experiment, simulator, "wrong")

    right, wrong = work(experiment)

    assert (right.status, wrong.status) == (RunStatus.COMPLETED, RunStatus.COMPLETED)
    assert [result.ordinal for result in Result.objects.of_run(right)] == list(range(40))
    assert set(Score.objects.of_run(right).values_list("value", flat=True)) == {1.0}
    assert set(Score.objects.of_run(wrong).values_list("value", flat=True)) == {0.0}
    assert (Transcript.objects.count(), Score.objects.count(), simulator.stats.requests) == (80, 80, 80)


def test_work_leaves_counters_that_say_what_is_stored(simulator: Simulator) -> None:
    experiment = sums(40)
    competing(experiment, simulator, "refusing")

    (run,) = work(experiment)

    totals = totals_of(run)
    assert totals.outcomes == dict(outcomes_of(run))
    assert (totals.results, totals.open_calls, totals.attempts) == (40, 0, 0)
    assert set(WorkUnit.objects.values_list("state", flat=True)) == {"done"}


def test_work_ends_with_a_board(simulator: Simulator) -> None:
    experiment = sums(10)
    competing(experiment, simulator, "wrong")
    competing(experiment, simulator)

    work(experiment)

    entries = leaderboard(experiment).entries
    assert [(entry.run.config["model"], entry.weighted_score, entry.n) for entry in entries] == [
        ("right", 1.0, 10),
        ("wrong", 0.0, 10),
    ]
    assert [entry.complete for entry in entries] == [True, True]


def test_work_keeps_to_the_calls_in_flight(simulator: Simulator) -> None:
    experiment = sums(40)
    competing(experiment, simulator, "slow", max_in_flight=3)

    work(experiment)

    assert simulator.stats.max_in_flight == 3


def test_work_begins_with_few_results_and_claims_the_others_meanwhile(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runs.lanes.lane.FIRST_RESULTS", MIN_UNIT)
    monkeypatch.setattr("runs.lanes.lane.LaneLoop._window", lambda _lane: 500)
    claimed: list[tuple[int, int]] = []
    claim = Holdings.claim

    def claim_and_note(self: Holdings, wanted: int) -> list[tuple[RunWork, HeldUnit]]:
        found = claim(self, wanted)
        claimed.append((wanted, len(found)))
        return found

    monkeypatch.setattr(Holdings, "claim", claim_and_note)
    experiment = sums(4 * MIN_UNIT)
    competing(experiment, simulator, "slow")

    work(experiment)

    assert [one for one in claimed if one[1]] == [(MIN_UNIT, 1), (500 - MIN_UNIT, 3)]


def test_work_again_makes_no_call(simulator: Simulator) -> None:
    experiment = sums(10)
    competing(experiment, simulator)
    work(experiment)

    (run,) = work(experiment)

    assert (run.status, simulator.stats.requests) == (RunStatus.COMPLETED, 10)


def test_work_leaves_no_lane_behind(simulator: Simulator) -> None:
    experiment = sums(1)
    competing(experiment, simulator)

    work(experiment)

    assert not Lane.objects.exists()


def test_work_with_more_trials_does_what_is_missing(simulator: Simulator) -> None:
    experiment = sums(10)
    competing(experiment, simulator)
    work(experiment)
    Experiment.objects.update(trials=3)

    (run,) = work(experiment)

    assert (run.status, Result.objects.count(), simulator.stats.requests) == (RunStatus.COMPLETED, 30, 30)
    assert Counter(Result.objects.values_list("trial", flat=True)) == {0: 10, 1: 10, 2: 10}


def test_work_with_a_higher_limit_does_what_is_missing(simulator: Simulator) -> None:
    experiment = sums(10, item_limit=4)
    competing(experiment, simulator)
    work(experiment)
    Experiment.objects.update(item_limit=None)

    (run,) = work(experiment)

    assert (run.status, Result.objects.count(), simulator.stats.requests) == (RunStatus.COMPLETED, 10, 10)


def test_work_with_a_bad_key_pauses_and_stores_nothing(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATED_API_KEY", "another-key")
    experiment = sums(40)
    competing(experiment, simulator, max_in_flight=4)

    (run,) = work(experiment)

    assert run.status == RunStatus.PAUSED
    assert "key" in run.status_reason
    assert (Result.objects.count(), FailedAttempt.objects.count()) == (0, 0)


def test_work_goes_on_once_the_key_is_right(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = sums(10)
    competing(experiment, simulator)
    with monkeypatch.context() as patched:
        patched.setenv("SIMULATED_API_KEY", "another-key")
        work(experiment)

    (run,) = work(experiment)

    assert (run.status, run.status_reason, Result.objects.count()) == (RunStatus.COMPLETED, "", 10)


def test_work_with_an_unknown_model_pauses_and_names_those_there_are(simulator: Simulator) -> None:
    experiment = sums(3)
    competing(experiment, simulator, "gpt-17")

    (run,) = work(experiment)

    assert run.status == RunStatus.PAUSED
    assert "gpt-17" in run.status_reason
    assert "right, wrong" in run.status_reason


def test_work_tries_again_after_429_and_keeps_the_attempts(simulator: Simulator) -> None:
    experiment = sums(10)
    competing(experiment, simulator, "hasty")

    (run,) = work(experiment)

    assert outcomes_of(run) == {"ok": 10}
    assert set(FailedAttempt.objects.values_list("outcome", "status", "billed")) == {("rate_limited", 429, "no")}
    assert (FailedAttempt.objects.count(), totals_of(run).attempts) == (10, 10)
    assert set(Result.objects.values_list("attempt_count", flat=True)) == {2}


def test_work_with_timeouts_completes_with_errors_and_scores_the_others(simulator: Simulator) -> None:
    experiment = sums(20, timeout_s=0.5)
    competing(experiment, simulator, "hanging")

    (run,) = work(experiment)

    found = outcomes_of(run)
    assert run.status == RunStatus.COMPLETED
    assert (found.total(), set(found)) == (20, {"ok", "timeout"})
    assert Score.objects.count() == found["ok"]
    assert totals_of(run).error_count == found["timeout"]


@pytest.mark.both
def test_retry_runs_failed_results_again(simulator: Simulator) -> None:
    experiment = sums(10, timeout_s=0.3)
    candidate = competing(experiment, simulator, "stuck")
    (run,) = work(experiment)
    before = outcomes_of(run)
    Run.objects.update(config={**run.config, "model": "right"})
    retry_failed(run=run, by=None)

    (again,) = work(experiment)

    assert (candidate.pk, before, outcomes_of(again)) == (again.candidate_id, {"timeout": 10}, {"ok": 10})
    assert FailedAttempt.objects.filter(count=0).count() == 10


def test_work_with_a_dead_provider_pauses_with_the_reason() -> None:
    experiment = sums(40)
    candidate_at(experiment, f"http://127.0.0.1:{free_port()}/v1", max_in_flight=16)

    (run,) = work(experiment)

    assert run.status == RunStatus.PAUSED
    assert "cannot be reached: the connection to 127.0.0.1" in run.status_reason
    assert not Result.objects.exists()
    assert FailedAttempt.objects.count() >= 20


def test_work_goes_on_once_the_provider_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULATED_API_KEY", KEY)
    port, experiment = free_port(), sums(20)
    with provider(port=port) as simulator:
        competing(experiment, simulator, max_in_flight=16)
    stopped = work(experiment)[0].status

    with provider(port=port):
        (run,) = work(experiment)

    assert (stopped, run.status, outcomes_of(run)) == (RunStatus.PAUSED, RunStatus.COMPLETED, {"ok": 20})


def test_one_failing_candidate_does_not_stop_the_other(simulator: Simulator) -> None:
    experiment = sums(20)
    competing(experiment, simulator)
    competing(experiment, simulator, "gpt-17")

    good, bad = work(experiment)

    assert (good.status, bad.status) == (RunStatus.COMPLETED, RunStatus.PAUSED)
    assert outcomes_of(good) == {"ok": 20}


@pytest.mark.both
def test_cancel_cuts_calls_off_and_keeps_results(simulator: Simulator) -> None:
    experiment = sums(60)
    competing(experiment, simulator, "slower", max_in_flight=4)

    (run,) = work(experiment, meanwhile=lambda: cancel_once_begun(simulator))

    assert run.status == RunStatus.CANCELLED
    assert 4 <= Result.objects.count() < 60
    assert set(FailedAttempt.objects.values_list("billed", flat=True)) == {"possibly"}
    assert Result.objects.count() + FailedAttempt.objects.count() == simulator.stats.requests
    assert totals_of(run).open_calls == 0


def cancel_once_begun(simulator: Simulator) -> None:
    """Cancel the one run once some calls are answered."""
    wait_until(lambda: Result.objects.count() >= 4, 10, "the first results")
    cancel_run(run=Run.objects.get(), by=None)


def test_pause_lets_open_calls_end_and_resume_finishes(simulator: Simulator) -> None:
    experiment = sums(30)
    competing(experiment, simulator, "slower", max_in_flight=4)

    (paused,) = work(experiment, meanwhile=pause_once_begun)
    calls, results = simulator.stats.requests, Result.objects.count()
    Run.objects.update(config={**paused.config, "model": "right"})
    (run,) = work(experiment)

    assert (paused.status, run.status) == (RunStatus.PAUSED, RunStatus.COMPLETED)
    assert (calls, FailedAttempt.objects.count()) == (results, 0)
    assert (simulator.stats.requests, Result.objects.count()) == (30, 30)


def pause_once_begun() -> None:
    """Pause the one run once some calls are answered."""
    wait_until(lambda: Result.objects.exists(), 10, "the first results")
    pause_run(run=Run.objects.get(), by=None)


def test_interrupt_saves_and_the_next_start_goes_on(simulator: Simulator) -> None:
    experiment = sums(40)
    competing(experiment, simulator, "slower", max_in_flight=20)

    (interrupted,) = work(experiment, meanwhile=interrupt_once_begun)
    before = Result.objects.count()
    Run.objects.update(config={**interrupted.config, "model": "right"})
    (run,) = work(experiment)

    assert (interrupted.status, run.status) == (RunStatus.PAUSED, RunStatus.COMPLETED)
    assert "run the same command again" in interrupted.status_reason
    assert 0 < before < 40
    assert Result.objects.count() == 40


def interrupt_once_begun() -> None:
    """Press Ctrl-C once some calls are answered."""
    wait_until(lambda: Result.objects.exists(), 10, "the first results")
    signal.raise_signal(signal.SIGINT)


def test_work_reuses_answers_of_equal_requests(simulator: Simulator) -> None:
    first = sums(10)
    competing(first, simulator, "refusing")
    work(first)
    second = Experiment.objects.create(project=first.project, dataset_version=first.dataset_version, name="again")
    candidate_at(second, provider=first.candidates.get().provider, model="refusing")

    (run,) = work(second)

    assert (simulator.stats.requests, totals_of(run).reused) == (10, 10)
    assert list(Result.objects.of_run(run).values_list("outcome", "preview", "tokens_in")) == list(
        Result.objects.of_run(first.runs.get()).values_list("outcome", "preview", "tokens_in")
    )


def test_work_without_reuse_asks_again(simulator: Simulator) -> None:
    first = sums(5)
    competing(first, simulator)
    work(first)
    second = Experiment.objects.create(
        project=first.project, dataset_version=first.dataset_version, name="again", is_reusing=False
    )
    candidate_at(second, provider=first.candidates.get().provider, model="right")

    work(second)

    assert simulator.stats.requests == 10


def test_reuse_never_crosses_a_project(simulator: Simulator) -> None:
    for_one_team, for_another = sums(5), sums(5)
    competing(for_one_team, simulator)
    competing(for_another, simulator)
    work(for_one_team)

    (run,) = work(for_another)

    assert (simulator.stats.requests, totals_of(run).reused) == (10, 0)


@pytest.mark.both
def test_work_takes_over_what_a_dead_command_left(simulator: Simulator) -> None:
    experiment = sums(20)
    competing(experiment, simulator)
    dead = Foreground()
    start_experiment(experiment=experiment, by=None, owner=dead.owner)
    Run.objects.update(status=RunStatus.RUNNING)
    WorkUnit.objects.filter(first=0).update(state="claimed", lane=Lane.objects.get(), lease=1, open_calls=2)
    Lane.objects.update(pid=2**22 + 1)

    (run,) = work(experiment)

    assert (run.status, outcomes_of(run)) == (RunStatus.COMPLETED, {"ok": 20})
    assert FailedAttempt.objects.get().count == 2


def test_run_at_a_provider_with_requests_a_minute_is_as_slow_as_it_must_be(simulator: Simulator) -> None:
    experiment = sums(60)
    competing(experiment, simulator, requests_per_minute=1200)

    run = work(experiment)[0]

    stats = simulator.stats
    assert (run.status, stats.requests) == (RunStatus.COMPLETED, 60)
    assert stats.last_request_at - stats.first_request_at >= 2.5  # 59 gaps of 50 ms, less what a share begins with


PRICES = {"right": {"input": 1000.0, "output": 1000.0}}


def budgeted(simulator: Simulator, items: int, usd: str, **values: object) -> Experiment:
    """Return an experiment with this budget over a model at which a token costs a tenth of a cent."""
    experiment = sums(items)
    competing(experiment, simulator, **values)
    Provider.objects.update(prices=PRICES)
    set_budget(experiment=experiment, usd=usd, by=None)
    return experiment


def test_run_pauses_at_its_budget_and_goes_on_when_it_is_raised(simulator: Simulator) -> None:
    experiment = budgeted(simulator, 200, "0.5", max_in_flight=4)

    paused = work(experiment)[0]
    spent = totals_of(paused.pk).cost_usd
    stored = Result.objects.count()
    set_budget(experiment=experiment, usd="1000", by=None)
    finished = work(experiment)[0]

    assert paused.status == RunStatus.PAUSED
    assert "the budget of this experiment, $0.50, is used up" in paused.status_reason
    assert spent is not None
    per_call = spent / stored
    assert 0 < spent <= Decimal("0.5") + 4 * per_call
    assert (finished.status, Result.objects.count()) == (RunStatus.COMPLETED, 200)
    purse = Purse.objects.get(experiment=experiment)
    assert purse.spent_usd == totals_of(finished.pk).cost_usd
    assert not PurseHold.objects.exists()


def test_run_within_its_project_s_budget_of_the_month_ends(simulator: Simulator) -> None:
    experiment = budgeted(simulator, 20, "1000")
    set_monthly_budget(project=experiment.project, usd="1000", by=None)

    run = work(experiment)[0]

    assert run.status == RunStatus.COMPLETED
    assert Purse.objects.get(project=experiment.project).spent_usd == totals_of(run.pk).cost_usd


def test_run_without_prices_cannot_keep_a_budget(simulator: Simulator) -> None:
    experiment = budgeted(simulator, 5, "1")
    Provider.objects.update(prices={})

    with pytest.raises(ActionRefused, match="the budget cannot be kept, since prices are not known: right at"):
        start_experiment(experiment=experiment, by=None)


def test_pilot_does_five_items_that_count_and_forecasts_the_rest(simulator: Simulator) -> None:
    experiment = budgeted(simulator, 40, "1000")
    foreground = Foreground()
    run = start_experiment(experiment=experiment, by=None, owner=foreground.owner, is_pilot=True).runs[0]
    foreground.work([run.pk])
    foreground.leave()
    forecast = forecast_of(experiment)[0]

    finished = work(experiment)[0]

    assert (forecast.planned, forecast.priced, finished.planned_count) == (40, 5, 40)
    cost = totals_of(finished.pk).cost_usd
    assert cost is not None
    assert forecast.cost_usd == pytest.approx(float(cost), rel=0.3)
    assert simulator.stats.requests == 40
