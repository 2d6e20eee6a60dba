"""Proving life by counting, and noticing who stands still by one's own clock."""

import os
import subprocess
import sys

import pytest

from runs.lanes.heartbeat import Pulse
from runs.models import Lane
from runs.watcher import BeatWatch, bury_the_dead, is_alive
from tests.factories import LaneFactory
from tests.fakes import FakeClock


@pytest.mark.django_db
def test_pulse_beats_while_the_loop_ticks() -> None:
    lane = LaneFactory()
    pulse = Pulse(lane.pk)

    pulse.beat()
    pulse.loop_ticked()
    pulse.beat()

    lane.refresh_from_db()
    assert (lane.beat, pulse.is_lost) == (2, False)


@pytest.mark.django_db
def test_pulse_of_a_hung_loop_stands_still() -> None:
    lane = LaneFactory()
    pulse = Pulse(lane.pk)

    pulse.beat()
    pulse.beat()
    pulse.beat()

    lane.refresh_from_db()
    assert lane.beat == 1


@pytest.mark.django_db
def test_pulse_of_a_lane_called_dead_is_lost() -> None:
    lane = LaneFactory()
    pulse = Pulse(lane.pk)
    Lane.objects.all().delete()

    pulse.beat()

    assert pulse.is_lost


def test_beat_watch_names_who_stood_still() -> None:
    clock = FakeClock()
    watch = BeatWatch(clock)
    watch.still([Lane(pk=1, beat=5), Lane(pk=2, beat=5)], 10)

    clock.pass_by(10)
    found = watch.still([Lane(pk=1, beat=5), Lane(pk=2, beat=6)], 10)

    assert [lane.pk for lane in found] == [1]


def test_beat_watch_begins_anew_with_every_beat() -> None:
    clock = FakeClock()
    watch = BeatWatch(clock)
    watch.still([Lane(pk=1, beat=1)], 10)
    clock.pass_by(9)
    watch.still([Lane(pk=1, beat=2)], 10)
    clock.pass_by(9)

    assert watch.still([Lane(pk=1, beat=2)], 10) == []


def test_beat_watch_that_forgot_gives_everybody_time_again() -> None:
    clock = FakeClock()
    watch = BeatWatch(clock)
    watch.still([Lane(pk=1, beat=1)], 10)
    clock.pass_by(60)

    watch.forget()

    assert watch.still([Lane(pk=1, beat=1)], 10) == []


def test_beat_watch_first_sight_is_no_proof_of_death() -> None:
    clock = FakeClock(now=1e6)

    assert BeatWatch(clock).still([Lane(pk=1, beat=0)], 10) == []


@pytest.mark.django_db
def test_bury_the_dead_takes_out_whose_process_is_gone() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = LaneFactory(host="here", pid=os.getpid())
    LaneFactory(host="here", pid=ended.pid)

    bury_the_dead(BeatWatch(FakeClock()), but=here)

    assert list(Lane.objects.all()) == [here]


@pytest.mark.django_db
def test_bury_the_dead_leaves_lanes_of_other_machines_their_ten_seconds() -> None:
    clock = FakeClock()
    watch, here = BeatWatch(clock), LaneFactory(host="here", pid=os.getpid())
    LaneFactory(host="elsewhere", pid=1)

    bury_the_dead(watch, but=here)
    after_first_look = Lane.objects.count()
    clock.pass_by(10)
    bury_the_dead(watch, but=here)

    assert (after_first_look, list(Lane.objects.all())) == (2, [here])


def test_is_alive_knows_this_process() -> None:
    assert is_alive(os.getpid())
