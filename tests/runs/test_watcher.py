"""The watcher: it beats while the queue comes round, buries the dead, and wakes who is needed."""

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django import Settings

from runs.actions.due import do_later
from runs.models import DueTask, Lane, LaneKind, Run, RunStatus, WorkUnit
from runs.models.due import LONGEST_WAIT_S
from runs.watcher import AGAIN_AFTER_S, BOOK_EVERY_S, DEAD_AFTER_S, HUNG_AFTER_S, STARTS_WITHIN_S, Watcher
from tests.factories import LaneFactory, PreparationFactory
from tests.runs.planned import claimed, planned_run
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

LIVING = {"host": "elsewhere", "pid": 1}


class FakeQueue:
    """A queue that comes round when a test says so."""

    def __init__(self) -> None:
        self.started_s, self.echoed_s, self.restarts = 0.0, float("-inf"), 0

    def started_at(self) -> float:
        """Return when it was started last."""
        return self.started_s

    def echoed_at(self) -> float:
        """Return when it last came round."""
        return self.echoed_s

    def restart(self) -> None:
        """Count how often it was to be started anew."""
        self.restarts += 1


class Watched:
    """A watcher with a clock of its own, and what it asked for."""

    def __init__(self, capture: Any) -> None:
        self.now, self.queue = 0.0, FakeQueue()
        self._capture = capture
        self._watcher = Watcher(queue=self.queue, lanes=1, clock=lambda: self.now)

    def look(self, *, after_s: float = 0.0) -> list[str]:
        """Let time pass, look once, and return the tasks that were put into the queue."""
        self.now += after_s
        OrmQ.objects.all().delete()
        with self._capture(execute=True):
            self._watcher.look()
        return sorted(SignedPackage.loads(task.payload)["func"] for task in OrmQ.objects.all())

    def look_for(self, seconds: float) -> None:
        """Look each second for so long."""
        _ = [self.look(after_s=1) for _ in range(int(seconds))]

    @property
    def host(self) -> Lane:
        """The row of this host."""
        row: Lane = Lane.objects.hosts().get(pid=os.getpid())
        return row

    def echo(self) -> None:
        """Let the queue come round."""
        self.queue.echoed_s = self.now + 0.1


@pytest.fixture
def watched(django_capture_on_commit_callbacks: Any) -> Watched:
    """A watcher that has not looked yet."""
    return Watched(django_capture_on_commit_callbacks)


def test_look_makes_the_row_of_its_host(watched: Watched) -> None:
    watched.look()

    assert (watched.host.kind, watched.host.host, watched.host.beat) == (LaneKind.HOST, socket.gethostname(), 0)


def test_look_makes_its_row_again_when_somebody_called_it_dead(watched: Watched) -> None:
    watched.look()
    Lane.objects.all().delete()
    watched.echo()

    watched.look(after_s=1)

    assert watched.host.beat == 1


def test_look_beats_while_the_queue_comes_round_and_restarts_it_when_it_stands_still(watched: Watched) -> None:
    watched.echo()

    watched.look_for(HUNG_AFTER_S)
    before = watched.queue.restarts
    watched.look_for(1)

    assert (watched.host.beat, before, watched.queue.restarts) == (HUNG_AFTER_S, 0, 1)


def test_look_gives_a_queue_that_starts_more_time_and_calls_it_no_worker(watched: Watched) -> None:
    watched.look_for(STARTS_WITHIN_S - 1)
    before = watched.queue.restarts
    watched.look_for(2)

    assert (watched.host.beat, before, watched.queue.restarts) == (0, 0, 1)


def test_look_gives_a_queue_that_was_started_again_its_time(watched: Watched) -> None:
    watched.echo()
    watched.look_for(HUNG_AFTER_S - 1)
    watched.queue.started_s = watched.now

    watched.look_for(STARTS_WITHIN_S - 1)

    assert watched.queue.restarts == 0


def test_look_restarts_no_queue_whose_workers_all_work(watched: Watched) -> None:
    watched.look()
    LaneFactory.create_batch(2, kind=LaneKind.JOB, host=socket.gethostname(), pid=os.getpid())
    watched.echo()

    watched.look_for(3 * HUNG_AFTER_S)

    assert (watched.queue.restarts, watched.host.beat) == (0, 3 * HUNG_AFTER_S)
    assert {job.beat for job in Lane.objects.jobs()} == {3 * HUNG_AFTER_S}


def test_look_that_comes_late_itself_counts_little_of_the_time_between(watched: Watched) -> None:
    watched.echo()
    watched.look()

    watched.look(after_s=10 * HUNG_AFTER_S)

    assert watched.queue.restarts == 0


def test_look_buries_a_lane_whose_beat_stands_still(watched: Watched) -> None:
    lane, run = LaneFactory(**LIVING), planned_run(4)
    held = claimed(lane, run)
    watched.look()

    watched.look(after_s=DEAD_AFTER_S)

    assert not Lane.objects.filter(pk=lane.pk).exists()
    assert WorkUnit.objects.get(pk=held.unit_id).state == "waiting"


def test_look_leaves_a_lane_whose_beat_goes_on(watched: Watched) -> None:
    lane = LaneFactory(**LIVING)
    watched.look()
    Lane.objects.beat_once(lane.pk)

    watched.look(after_s=DEAD_AFTER_S)

    assert Lane.objects.filter(pk=lane.pk).exists()


def test_look_buries_at_once_who_has_no_process(watched: Watched) -> None:
    lane = LaneFactory(host=socket.gethostname(), pid=2**22 + 1)

    watched.look()

    assert not Lane.objects.filter(pk=lane.pk).exists()


def test_look_gives_runs_of_a_dead_command_to_the_workers(watched: Watched) -> None:
    run = planned_run(4, owner="lane 4711")

    watched.look()

    run.refresh_from_db()
    assert run.owner == ""


def test_look_completes_a_run_whose_lane_died_after_the_last_unit(watched: Watched) -> None:
    run = planned_run(4)
    run.begin()
    WorkUnit.objects.update(state="done")

    watched.look()

    run.refresh_from_db()
    assert run.status == RunStatus.COMPLETED


def test_look_has_a_preparation_taken_over_that_stands_still(watched: Watched) -> None:
    PreparationFactory()

    assert watched.look() == []
    assert watched.look(after_s=DEAD_AFTER_S) == ["runs.tasks.prepare"]
    assert watched.look(after_s=1) == []


def test_look_leaves_a_preparation_that_goes_on(watched: Watched) -> None:
    preparation = PreparationFactory()
    watched.look()
    preparation.hold()

    assert watched.look(after_s=DEAD_AFTER_S) == []


def test_look_leaves_the_preparation_of_a_living_command(watched: Watched) -> None:
    lane = LaneFactory(**LIVING, is_foreground=True)
    PreparationFactory(owner=f"lane {lane.pk}")
    watched.look()
    Lane.objects.beat_once(lane.pk)

    assert watched.look(after_s=DEAD_AFTER_S) == []


def test_look_finds_no_run_of_a_preparation_to_complete(watched: Watched) -> None:
    run = planned_run(4)
    run.begin()
    WorkUnit.objects.update(state="done")
    Run.objects.update(preparation=PreparationFactory())

    watched.look()

    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING


def test_look_has_done_what_is_due_and_waits_longer_each_time_it_was_in_vain(watched: Watched) -> None:
    do_later("scoring.tasks.catch_up", 1)

    lost = [watched.look(after_s=seconds) for seconds in (0, DEAD_AFTER_S, 1, AGAIN_AFTER_S)]
    DueTask.objects.update(tries=9)
    in_vain = [watched.look(after_s=seconds) for seconds in (AGAIN_AFTER_S, AGAIN_AFTER_S)]
    DueTask.objects.update(lane=LaneFactory(kind=LaneKind.JOB, **LIVING))

    assert lost == [[], ["runs.tasks.do"], [], ["runs.tasks.do"]]
    assert in_vain == [["runs.tasks.do"], []]
    assert watched.look(after_s=LONGEST_WAIT_S) == []


def test_look_lets_what_a_killed_process_did_wait_again(watched: Watched) -> None:
    watched.look()
    gone = LaneFactory(kind=LaneKind.JOB, host=socket.gethostname(), pid=2**22 + 1)
    DueTask.objects.create(task="scoring.tasks.catch_up", arguments=[1], lane=gone, tries=1)

    looks = [watched.look(after_s=seconds) for seconds in (1, DEAD_AFTER_S)]

    assert looks == [[], ["runs.tasks.do"]]


def test_look_clears_up_what_dead_lanes_of_its_machine_left_every_half_minute(
    watched: Watched, settings: Settings, tmp_path: Path
) -> None:
    settings.JOURNAL_DIR = tmp_path
    page = tmp_path / "lane-9-0.jsonl"

    def stays(after_s: float) -> bool:
        page.touch()
        watched.look(after_s=after_s)
        return page.exists()

    assert [stays(0.0), stays(1.0), stays(BOOK_EVERY_S)] == [False, True, False]


def test_watcher_whose_looks_fail_knows_that_its_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.watcher.LOOK_EVERY_S", 0.01)
    watcher, answers = Watcher(queue=FakeQueue(), lanes=1), threading.Event()
    monkeypatch.setattr(watcher, "look", lambda: answers.is_set() or away())

    watcher.start()
    wait_until(watcher.is_cut_off, 20, "word of the database")
    answers.set()
    wait_until(lambda: not watcher.is_cut_off(), 20, "the database")
    watcher.stop()


def test_watcher_whose_look_waits_knows_that_its_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.watcher.LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("runs.watcher.SILENT_AFTER_S", 0.05)
    watcher, answers = Watcher(queue=FakeQueue(), lanes=1), threading.Event()
    monkeypatch.setattr(watcher, "look", answers.wait)

    watcher.start()
    wait_until(watcher.is_cut_off, 20, "word of the database")
    answers.set()
    wait_until(lambda: not watcher.is_cut_off(), 20, "the database")
    watcher.stop()


def away() -> None:
    """Be a database that cannot be reached."""
    raise OperationalError("the server has gone")
