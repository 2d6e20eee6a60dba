"""The watcher: it beats while the queue comes round, buries the dead, and wakes who is needed."""

import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from runs.models import Lane, LaneKind, Run, RunStatus, WorkUnit
from runs.watcher import AGAIN_AFTER_S, DEAD_AFTER_S, HUNG_AFTER_S, PING_EVERY_S, WAKE_AFTER_S, Watcher
from scoring.boards.summing import sum_up
from tests.factories import LaneFactory, PreparationFactory, RunStandingFactory
from tests.runs.planned import claimed, planned_run

pytestmark = pytest.mark.django_db

LIVING = {"host": "elsewhere", "pid": 1}


class Watched:
    """A watcher with a clock of its own, and what it asked for."""

    def __init__(self, capture: Any) -> None:
        self.now = 0.0
        self.restarts = 0
        self._capture = capture
        self._watcher = Watcher(restart_cluster=self._restart, lanes=1, clock=lambda: self.now)

    def _restart(self) -> None:
        self.restarts += 1

    def look(self, *, after_s: float = 0.0) -> list[str]:
        """Let time pass, look once, and return the tasks that were put into the queue."""
        self.now += after_s
        OrmQ.objects.all().delete()
        with self._capture(execute=True):
            self._watcher.look()
        return sorted(SignedPackage.loads(task.payload)["func"] for task in OrmQ.objects.all())

    @property
    def host(self) -> Lane:
        """The row of this host."""
        row: Lane = Lane.objects.hosts().get(pid=os.getpid())
        return row

    def echo(self) -> None:
        """Let the queue come round."""
        Lane.objects.filter(pk=self.host.pk).update(echoes=self.host.echoes + 1)


@pytest.fixture
def watched(django_capture_on_commit_callbacks: Any) -> Watched:
    """A watcher that has not looked yet."""
    return Watched(django_capture_on_commit_callbacks)


def test_look_makes_the_row_of_its_host_and_pings(watched: Watched) -> None:
    tasks = watched.look()

    assert (watched.host.kind, watched.host.host) == (LaneKind.HOST, socket.gethostname())
    assert tasks == ["runs.tasks.echo"]


def test_look_pings_every_two_seconds(watched: Watched) -> None:
    watched.look()

    assert watched.look(after_s=PING_EVERY_S / 2) == []
    assert watched.look(after_s=PING_EVERY_S / 2) == ["runs.tasks.echo"]


def test_look_makes_its_row_again_when_somebody_called_it_dead(watched: Watched) -> None:
    watched.look()
    Lane.objects.all().delete()

    watched.look(after_s=1)

    assert watched.host.beat == 1


def test_look_beats_while_the_echo_comes(watched: Watched) -> None:
    watched.look()
    before = watched.host.beat
    watched.echo()

    watched.look(after_s=HUNG_AFTER_S)

    assert (watched.host.beat, watched.restarts) == (before + 1, 0)


def test_look_restarts_the_cluster_when_the_echo_stays_away(watched: Watched) -> None:
    watched.look()
    before = watched.host.beat

    watched.look(after_s=HUNG_AFTER_S)
    watched.look(after_s=1)

    assert (watched.restarts, watched.host.beat) == (1, before + 1)


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


def unlike_pings(tasks: list[str]) -> list[str]:
    """Return the tasks that are no pings."""
    return [task for task in tasks if task != "runs.tasks.echo"]


def test_look_wakes_a_lane_for_units_that_wait(watched: Watched) -> None:
    planned_run(4)

    assert unlike_pings(watched.look()) == ["runs.tasks.work"]
    assert unlike_pings(watched.look(after_s=WAKE_AFTER_S / 2)) == []
    assert unlike_pings(watched.look(after_s=WAKE_AFTER_S / 2)) == ["runs.tasks.work"]


def paused() -> None:
    """Plan a run that is paused."""
    planned_run(4).pause("enough")


def beside_a_lane() -> None:
    """Plan a run that the one lane of this host will take."""
    planned_run(4)
    LaneFactory(host=socket.gethostname(), pid=os.getppid())


def beside_a_lane_of_another_host() -> None:
    """Plan a run that the lane of another host works on, while this one has none."""
    planned_run(4)
    LaneFactory(**LIVING)


def of_a_command() -> None:
    """Plan a run that a living command works on."""
    lane = LaneFactory(**LIVING, is_foreground=True)
    planned_run(4, owner=f"lane {lane.pk}")


def test_look_wakes_a_lane_of_each_host(watched: Watched) -> None:
    beside_a_lane_of_another_host()

    assert unlike_pings(watched.look()) == ["runs.tasks.work"]


@pytest.mark.parametrize("plan", [paused, beside_a_lane, of_a_command])
def test_look_wakes_nobody_where_nobody_is_needed(watched: Watched, plan: Callable[[], None]) -> None:
    plan()

    assert unlike_pings(watched.look()) == []


def test_look_has_a_preparation_taken_over_that_stands_still(watched: Watched) -> None:
    PreparationFactory()

    assert unlike_pings(watched.look()) == []
    assert unlike_pings(watched.look(after_s=DEAD_AFTER_S)) == ["runs.tasks.prepare"]
    assert unlike_pings(watched.look(after_s=1)) == []


def test_look_leaves_a_preparation_that_goes_on(watched: Watched) -> None:
    preparation = PreparationFactory()
    watched.look()
    preparation.hold()

    assert unlike_pings(watched.look(after_s=DEAD_AFTER_S)) == []


def test_look_leaves_the_preparation_of_a_living_command(watched: Watched) -> None:
    lane = LaneFactory(**LIVING, is_foreground=True)
    PreparationFactory(owner=f"lane {lane.pk}")
    watched.look()
    Lane.objects.beat_once(lane.pk)

    assert unlike_pings(watched.look(after_s=DEAD_AFTER_S)) == []


def test_look_finds_no_run_of_a_preparation_to_complete(watched: Watched) -> None:
    run = planned_run(4)
    run.begin()
    WorkUnit.objects.update(state="done")
    Run.objects.update(preparation=PreparationFactory())

    watched.look()

    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING


def test_look_has_standings_summed_up_whose_task_was_lost(watched: Watched) -> None:
    standing = RunStandingFactory(is_tried=True)
    again = "scoring.tasks.stand_anew"

    looks = [watched.look(after_s=seconds).count(again) for seconds in (0, DEAD_AFTER_S, 1)]
    sum_up(standing.run)
    later = watched.look(after_s=AGAIN_AFTER_S).count(again)

    assert (looks, later) == ([0, 1, 0], 0)
