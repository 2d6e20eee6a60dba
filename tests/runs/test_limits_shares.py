"""Shares: several lanes never have more calls open than the provider allows, whatever order they ask in."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.limits.shares import Report, take_share
from runs.models import ProviderShare
from tests.factories import LaneFactory, ProviderFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LANES = 3
STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "open", "close", "die"]), st.integers(0, LANES - 1), st.integers(0, 12)),
    max_size=40,
)


@dataclass
class LaneModel:
    """What a lane knows: the limit of its gate, and its open calls."""

    pk: int
    limit: int = 0
    open: int = 0
    wanted: int = 0

    def ask(self, provider_id: int, wanted: int) -> None:
        """Take a share as a lane does each second."""
        self.wanted = max(wanted, self.open)
        held = max(self.limit, self.open)
        report = Report(wanted=self.wanted, held=held, open=self.open)
        self.limit = take_share(provider_id=provider_id, lane_id=self.pk, report=report).in_flight

    def open_calls(self, count: int) -> None:
        """Open as many calls as the gate lets in."""
        self.open = max(self.open, min(self.limit, self.open + count))

    def close_calls(self, count: int) -> None:
        """End some calls."""
        self.open = max(0, self.open - count)

    def die(self) -> None:
        """End with all calls, and be buried."""
        ProviderShare.objects.filter(lane=self.pk).delete()
        self.limit = self.open = 0


def play(provider_id: int, lanes: list[LaneModel], steps: list[tuple[str, int, int]]) -> list[int]:
    """Play the steps; return the calls that were open after each."""
    opened = []
    for action, number, count in steps:
        lane = lanes[number]
        moves = {
            "ask": lambda lane=lane, count=count: lane.ask(provider_id, count),
            "open": lambda lane=lane, count=count: lane.open_calls(count),
            "close": lambda lane=lane, count=count: lane.close_calls(count),
            "die": lane.die,
        }
        moves[action]()  # type: ignore[no-untyped-call]
        opened.append(sum(one.open for one in lanes))
    return opened


def models_of(count: int = LANES) -> list[LaneModel]:
    """Return lanes that have asked for nothing yet."""
    return [LaneModel(LaneFactory().pk) for _ in range(count)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 9), STEPS)
def test_shares_never_exceed_the_limit(db: None, limit: int, steps: list[tuple[str, int, int]]) -> None:
    provider = ProviderFactory(max_in_flight=limit)

    opened = play(provider.pk, models_of(), steps)

    assert max(opened, default=0) <= limit
    assert sum(share.granted for share in provider.shares.all()) <= limit


def test_share_of_a_lane_alone_is_all_it_wants() -> None:
    provider = ProviderFactory(max_in_flight=8)
    (lane,) = models_of(1)

    lane.ask(provider.pk, 20)

    assert lane.limit == 8


def test_shares_of_two_busy_lanes_come_to_halves() -> None:
    provider = ProviderFactory(max_in_flight=8)
    one, other = lanes = models_of(2)
    ask_both = [("ask", 0, 20), ("open", 0, 9), ("ask", 1, 20), ("open", 1, 9)]

    play(provider.pk, lanes, [*ask_both, ("close", 0, 4), *ask_both, *ask_both])

    assert (one.limit, other.limit) == (4, 4)


def test_share_of_an_idle_lane_goes_to_who_needs_it() -> None:
    provider = ProviderFactory(max_in_flight=8)
    _, other = lanes = models_of(2)

    play(
        provider.pk,
        lanes,
        [("ask", 0, 20), ("ask", 1, 20), ("ask", 0, 20), ("ask", 0, 0), ("ask", 0, 0), ("ask", 1, 20)],
    )

    assert other.limit == 8


def test_shares_with_fewer_calls_than_lanes_give_one_lane_one() -> None:
    provider = ProviderFactory(max_in_flight=1)
    lanes = models_of(3)

    play(provider.pk, lanes, [("ask", 0, 5), ("ask", 1, 5), ("ask", 2, 5)])

    assert sorted(lane.limit for lane in lanes) == [0, 0, 1]


def test_share_of_a_dead_lane_is_free_again() -> None:
    provider = ProviderFactory(max_in_flight=8)
    _, other = lanes = models_of(2)

    play(provider.pk, lanes, [("ask", 0, 20), ("open", 0, 8), ("die", 0, 0), ("ask", 1, 20)])

    assert other.limit == 8
