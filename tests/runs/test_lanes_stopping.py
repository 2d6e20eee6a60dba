"""Lanes that are told to end: what is open ends and is stored, the rest is free for others."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator

import pytest

from experiments.models import Experiment
from runs import tasks
from runs.actions import start_experiment
from runs.actions.preparing import prepare
from runs.lanes import stopping
from runs.lanes.lane import work_until_idle
from runs.lanes.takeover import adopt_orphans, bury
from runs.models import FailedAttempt, Lane, Preparation, Result, Run, RunStatus, UnitState, WorkUnit
from runs.simulator.server import Simulator
from tests.provider import KEY, provider
from tests.runs.planned import candidate_at, planned_run, sums
from tests.runs.test_lanes_foreground import in_thread
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    """The byte that the queue's processes share."""
    stopping.share()
    yield
    stopping.forget()


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A provider whose key is in the environment."""
    monkeypatch.setenv("SIMULATED_API_KEY", KEY)
    with provider() as running:
        yield running


def started(experiment: Experiment, simulator: Simulator, model: str) -> Run:
    """Return the run of a candidate that asks a simulated model, 4 calls in flight; the workers own it."""
    candidate = candidate_at(experiment, simulator.url, model=model, max_in_flight=4)
    type(candidate.provider).objects.update(api_key_env="SIMULATED_API_KEY", is_from_command_line=True)
    return start_experiment(experiment=experiment, by=None).runs[0]


def worked_until(condition: Callable[[], object]) -> None:
    """Be a lane that is told to end once the condition holds."""

    def tell() -> None:
        wait_until(condition, 20, "the moment to end")
        stopping.tell()

    other = threading.Thread(target=in_thread(tell))
    other.start()
    work_until_idle()
    other.join()


def test_told_is_heard_by_forked_processes() -> None:
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    stopping.tell()

    child = context.Process(target=lambda: answers.put(stopping.is_told()))
    child.start()
    child.join()

    assert answers.get() is True


def test_told_where_nothing_is_shared_is_heard_by_nobody() -> None:
    stopping.forget()
    stopping.tell()

    assert not stopping.is_told()


@pytest.mark.django_db(transaction=True)
def test_lane_told_to_end_stores_what_is_open_and_frees_the_rest(simulator: Simulator) -> None:
    run = started(sums(200), simulator, "slow")

    worked_until(Result.objects.exists)

    run.refresh_from_db()
    stored = Result.objects.count()
    assert run.status == RunStatus.RUNNING
    assert 0 < stored < 200
    assert simulator.stats.requests == stored
    assert not FailedAttempt.objects.exists()
    assert not Lane.objects.exists()
    assert set(WorkUnit.objects.values_list("state", "open_calls")) <= {(UnitState.WAITING, 0), (UnitState.DONE, 0)}


@pytest.mark.django_db(transaction=True)
def test_lane_told_to_end_waits_for_no_call_that_hangs(simulator: Simulator) -> None:
    run = started(sums(20), simulator, "stuck")

    worked_until(lambda: simulator.stats.requests >= 4)

    run.refresh_from_db()
    assert (run.status, Result.objects.count()) == (RunStatus.RUNNING, 0)
    assert set(FailedAttempt.objects.values_list("billed", flat=True)) == {"possibly"}
    assert set(WorkUnit.objects.values_list("state", flat=True)) == {UnitState.WAITING}


@pytest.mark.django_db(transaction=True)
def test_lane_after_the_end_of_another_goes_on_where_that_was(simulator: Simulator) -> None:
    run = started(sums(100), simulator, "slow")
    worked_until(Result.objects.exists)
    stopping.share()

    work_until_idle(idle_s=0.2)

    run.refresh_from_db()
    assert (run.status, Result.objects.count()) == (RunStatus.COMPLETED, 100)
    assert simulator.stats.requests == 100


@pytest.mark.django_db
def test_work_after_the_word_to_end_is_no_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "work_until_idle", lambda: pytest.fail("a lane began"))
    planned_run(4)
    stopping.tell()

    tasks.work()


@pytest.mark.django_db
def test_prepare_after_the_word_to_end_leaves_the_rest_to_the_next() -> None:
    experiment = sums(2_001)
    candidate_at(experiment)
    start_experiment(experiment=experiment, by=None)
    preparation = Preparation.objects.get()
    stopping.tell()

    assert prepare(preparation=preparation) is False
    assert Preparation.objects.filter(pk=preparation.pk).exists()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_lane_called_dead_while_it_lives_ends_with_one_sentence_and_loses_nothing(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    run = started(sums(100), simulator, "slow")
    other = threading.Thread(target=in_thread(call_dead))

    other.start()
    work_until_idle()
    other.join()
    stored, asked = Result.objects.count(), simulator.stats.requests
    adopt_orphans()
    work_until_idle(idle_s=0.2)

    run.refresh_from_db()
    said = [record.getMessage() for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert ["called dead while it lived" in sentence for sentence in said] == [True]
    assert 0 < stored < 100
    assert (run.status, Result.objects.count()) == (RunStatus.COMPLETED, 100)
    assert simulator.stats.requests <= 100 + asked - stored


def call_dead() -> None:
    """Take the row of the lane away once it has stored something, as a watcher does that heard nothing of it."""
    wait_until(Result.objects.exists, 20, "a result")
    _ = [bury(lane) for lane in Lane.objects.all()]
