"""Watching: how far runs are, and whether workers live, by what moves while one looks."""

import pytest

from runs.live.watching import HostWatch, living_host, progress_of
from runs.models import Lane, RunStatus
from tests.factories import LaneFactory, WorkUnitFactory
from tests.fakes import FakeClock
from tests.runs.planned import planned_run

pytestmark = pytest.mark.django_db


class Looking:
    """A clock whose sleep lets one host beat, or none."""

    def __init__(self, beats: Lane | None = None) -> None:
        self.clock, self._beats = FakeClock(), beats

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.clock.pass_by(seconds)
        Lane.objects.beat_once(self._beats.pk if self._beats else 0)

    def found(self) -> Lane | None:
        """Return the host that lives."""
        return living_host(clock=self.clock, sleep=self.sleep)


def test_living_host_is_one_whose_beat_moves() -> None:
    LaneFactory(kind="host")
    living = LaneFactory(kind="host")

    assert Looking(living).found() == living


def test_living_host_that_stands_still_is_none() -> None:
    LaneFactory(kind="host", beat=99)
    looking = Looking()

    assert looking.found() is None
    assert looking.clock.now == pytest.approx(2.0, abs=0.11)


def test_living_host_without_hosts_does_not_wait() -> None:
    looking = Looking(LaneFactory())

    assert (looking.found(), looking.clock.now) == (None, 0.0)


def test_host_watch_waits_ten_seconds_before_it_gives_hosts_up() -> None:
    clock = FakeClock()
    watch = HostWatch(clock)
    LaneFactory(kind="host")

    first = watch.all_gone()
    clock.pass_by(9.9)
    soon = watch.all_gone()
    clock.pass_by(0.1)

    assert (first, soon, watch.all_gone()) == (False, False, True)


def test_host_watch_is_content_with_one_that_lives() -> None:
    clock = FakeClock()
    watch, living = HostWatch(clock), LaneFactory(kind="host")
    LaneFactory(kind="host")
    watch.all_gone()

    clock.pass_by(30)
    Lane.objects.beat_once(living.pk)

    assert not watch.all_gone()


def test_progress_of_gives_what_is_done_in_the_order_asked() -> None:
    one, other = planned_run(4), planned_run(4)
    WorkUnitFactory(run=one, first=4, ok_count=3, timeout_count=1, open_calls=2)

    progress = progress_of([other.pk, one.pk, 4711])

    assert [found.run for found in progress] == [other, one]
    totals = progress[1].totals
    assert (totals.results, totals.error_count, totals.open_calls, progress[1].left) == (4, 1, 2, 0)


@pytest.mark.parametrize(
    ("status", "stands_still"),
    [("pending", False), ("running", False), ("paused", True), ("completed", True), ("cancelled", True)],
)
def test_progress_stands_still_without_a_person(status: str, stands_still: bool) -> None:
    run = planned_run(4)
    (progress,) = progress_of([run.pk])

    progress.run.status = RunStatus(status)

    assert progress.stands_still == stands_still
