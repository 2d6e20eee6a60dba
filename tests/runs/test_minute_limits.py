"""Limits of a minute hold in every 60 s, over several lanes, and are used: the real shares, in a time of their own."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.models import Provider
from runs.models import Lane, ProviderShare
from tests.factories import LaneFactory, ProviderFactory
from tests.fakes import FakeClock
from tests.runs.minutes import Sent, SpendingLane, play

pytestmark = [pytest.mark.django_db, pytest.mark.both]

MANY = 10**6


def lanes_at(
    count: int,
    clock: FakeClock,
    sent: Sent,
    *,
    tokens: tuple[int, int] = (0, 0),
    are_known: bool = True,
    backlog: float = MANY,
    **limits: int,
) -> list[SpendingLane]:
    """Return lanes of one provider with these limits."""
    provider = ProviderFactory(**limits)
    return [
        SpendingLane(
            LaneFactory().pk,
            provider.pk,
            clock,
            sent,
            backlog,
            tokens=tokens,
            are_known=are_known,
            chance=random.Random(number),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(("limit", "count"), [(600, 1), (600, 3), (37, 2), (6, 2), (3000, 2)])
def test_requests_of_a_minute_hold_and_are_used(limit: int, count: int) -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(count, clock, sent, requests_per_minute=limit)

    play(lanes, 190, clock)

    assert sent.most_in_a_minute()[0] <= limit
    assert sent.between(1005, 1185)[0] >= 0.95 * 3 * limit - 1


@pytest.mark.parametrize(("limit", "count", "are_known"), [(60_000, 1, True), (60_000, 2, True), (60_000, 2, False)])
def test_tokens_of_a_minute_are_used_and_known_ones_hold(limit: int, count: int, *, are_known: bool) -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(count, clock, sent, tokens=(50, 150), are_known=are_known, tokens_per_minute=limit)

    play(lanes, 190, clock)

    most_thought_wrong = 0 if are_known else 0.01 * limit
    assert sent.most_in_a_minute()[1] <= limit + most_thought_wrong
    assert sent.between(1005, 1185)[1] >= 0.95 * 3 * limit


def test_calls_of_a_minute_leave_evenly() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(1, clock, sent, requests_per_minute=600)

    play(lanes, 20, clock)

    most = max(sent.between(1000 + second / 4, 1001 + second / 4)[0] for second in range(70))
    assert most <= 13


def test_minute_is_shared_evenly_between_lanes() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(3, clock, sent, requests_per_minute=600)

    play(lanes, 60, clock)

    assert max(lane.made for lane in lanes) <= 1.1 * min(lane.made for lane in lanes)


def test_minute_of_an_idle_lane_goes_to_who_needs_it() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    busy, idle = lanes_at(2, clock, sent, requests_per_minute=600)
    idle.backlog = 20

    play([busy, idle], 60, clock)

    assert idle.made == 20
    assert busy.made >= 0.95 * 600 - 40


def test_minute_that_a_dead_lane_took_stays_spent() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    dying, heir = lanes_at(2, clock, sent, requests_per_minute=300)
    play([dying], 50, clock)
    dying.lives = False
    Lane.objects.filter(pk=dying.pk).delete()

    play([heir], 80, clock)

    assert sent.most_in_a_minute()[0] <= 300
    assert heir.made >= 300


def test_minute_that_begins_anew_with_new_lanes_holds() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    provider = ProviderFactory(requests_per_minute=30)

    for _ in range(20):
        lane = SpendingLane(LaneFactory().pk, provider.pk, clock, sent, MANY)
        play([lane], 3, clock)
        Lane.objects.filter(pk=lane.pk).delete()

    assert sent.most_in_a_minute()[0] <= 30


def test_limit_changed_while_running_is_in_force_within_two_seconds() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(1, clock, sent, requests_per_minute=600)
    play(lanes, 10, clock)

    Provider.objects.update(requests_per_minute=6000)
    play(lanes, 12, clock)

    assert sent.between(1002, 1010)[0] <= 82
    assert sent.between(1012, 1022)[0] >= 950


def test_call_of_more_tokens_than_the_limit_goes_alone() -> None:
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(1, clock, sent, tokens=(900, 900), tokens_per_minute=500)

    play(lanes, 130, clock)

    assert 2 <= len(sent.at_s) <= 3
    assert sent.most_in_a_minute()[0] == 1


def test_clock_that_was_set_back_keeps_nobody_waiting_for_more_than_a_minute() -> None:
    clock, sent = FakeClock(100_000.0), Sent()
    lanes = lanes_at(1, clock, sent, requests_per_minute=60)
    play(lanes, 30, clock)
    clock.now = 1000.0
    lanes[0].meter.allowances.clear()
    before = len(sent.at_s)

    play(lanes, 90, clock)

    assert len(sent.at_s) - before >= 25


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(5, 900),
    arrivals=st.lists(st.floats(0, 30), min_size=1, max_size=3),
    backlog=st.integers(0, 400),
    seed=st.integers(0, 1000),
)
def test_no_minute_sees_more_than_the_limit_whatever_comes_in(
    limit: int, arrivals: list[float], backlog: int, seed: int
) -> None:
    ProviderShare.objects.all().delete()
    clock, sent = FakeClock(1000.0), Sent()
    lanes = lanes_at(len(arrivals), clock, sent, backlog=backlog, requests_per_minute=limit)
    for lane, rate in zip(lanes, arrivals, strict=True):
        lane.arrivals_a_second = rate

    play(lanes, 75, clock, seed=seed)

    assert sent.most_in_a_minute()[0] <= limit
    came_in = sum(arrivals) * 75 + backlog * len(lanes)
    assert len(sent.at_s) >= min(0.9 * came_in - 30 * len(lanes), 0.95 * limit)
