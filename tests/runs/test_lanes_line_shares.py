"""A lane's side of its shares: what it used it keeps, what it does not use goes to who needs it."""

import asyncio

import pytest

from experiments.models import Provider
from runs.lanes.line_shares import IN_VAIN, LineShare
from runs.limits.shares import Report, take_share
from runs.lines import ProviderLine
from tests.factories import LaneFactory, ProviderFactory
from tests.fakes import FakeClock, HangingRunner, line_to

pytestmark = pytest.mark.django_db

MOST = 8


@pytest.fixture
def line() -> ProviderLine:
    """A lane's line to a provider that takes eight calls at once."""
    line = line_to(HangingRunner(), FakeClock(), limit=0)
    line.provider_id = ProviderFactory(max_in_flight=MOST).pk
    return line


@pytest.fixture
def share(line: ProviderLine) -> LineShare:
    """The share of that lane, which is alone so far and may make all calls."""
    share = LineShare(line, LaneFactory().pk)
    share.take(at_least=MOST)()
    return share


def make_calls(line: ProviderLine, count: int) -> None:
    """Make so many calls, one after the other, each of which is answered."""
    for _ in range(count):
        asyncio.run(line.gate.enter())
        line.gate.leave()


def other_lane_takes(line: ProviderLine, lane_id: int, *, held: int = 0) -> int:
    """Return what another lane may use that has more to do than there is room for."""
    report = Report(wanted=20, held=held)
    return take_share(provider_id=line.provider_id, lane_id=lane_id, report=report).in_flight


def test_lane_between_two_claims_keeps_the_part_that_it_uses(line: ProviderLine, share: LineShare) -> None:
    other_lane_takes(line, LaneFactory().pk)
    make_calls(line, 20)

    share.take()()

    assert line.gate.limit == MOST // 2


def test_lanes_ask_again_soon_while_calls_change_hands(line: ProviderLine, share: LineShare) -> None:
    newcomer = line_to(HangingRunner(), FakeClock(), limit=0)
    newcomer.provider_id = line.provider_id
    other = LineShare(newcomer, LaneFactory().pk)
    make_calls(line, 20)

    def take_both() -> tuple[bool, bool]:
        share.take(at_least=MOST)()
        other.take(at_least=MOST)()
        return share.is_pressing, other.is_pressing

    is_pressing = [take_both() for _ in range(3)]

    assert is_pressing == [(False, True), (True, True), (False, False)]
    assert (line.gate.limit, newcomer.gate.limit) == (MOST // 2, MOST // 2)


def test_lane_that_asks_in_vain_goes_back_to_once_a_second(line: ProviderLine) -> None:
    provider = Provider.objects.get(pk=line.provider_id)
    provider.max_in_flight = 1
    provider.save()
    other_lane_takes(line, LaneFactory().pk)
    share = LineShare(line, LaneFactory().pk)

    is_pressing = []
    for _ in range(IN_VAIN + 1):
        share.take(at_least=MOST)()
        is_pressing.append(share.is_pressing)

    assert is_pressing == [True] * (IN_VAIN - 1) + [False] * 2


def test_lane_that_made_no_call_for_a_share_leaves_its_part_to_others(line: ProviderLine, share: LineShare) -> None:
    other = LaneFactory().pk
    other_lane_takes(line, other)
    make_calls(line, 20)
    share.take()()

    share.take()()
    share.take()()  # only now can the others know that none of its calls is open any more

    assert line.gate.limit == 0
    assert other_lane_takes(line, other) == MOST
