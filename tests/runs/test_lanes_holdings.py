"""What a lane holds in the database, and that it holds nothing once it has left."""

from types import SimpleNamespace
from typing import Any

import pytest

from experiments.models import Experiment
from runs.lanes.heartbeat import Pulse
from runs.lanes.holdings import TICKS_A_LOOK, Holdings
from runs.limits.wallets import Budget, Owner, Wallet
from runs.models import Lane, ProviderShare, PurseHold
from tests.factories import LaneFactory
from tests.fakes import FakeClock, FakeRunner, line_to
from tests.runs.planned import planned_run

pytestmark = pytest.mark.django_db


def holdings_of(lane: Lane, **supplied: Any) -> Holdings:
    """Return what a lane holds that has these lines and wallets, and nothing to store."""
    sink: Any = SimpleNamespace(flush=lambda: None, in_loop=lambda *_: None)
    books: Any = SimpleNamespace(stands_still=lambda _run: None, goes_on=lambda _runs: None)
    supplies: Any = SimpleNamespace(**{"lines": {}, "wallets": {}, **supplied})
    told: Any = SimpleNamespace(halted=lambda _halts: None, look_again=lambda: None)
    return Holdings(lane, "", {}, sink, books, Pulse(lane.pk), supplies, [], told)


def look(holdings: Holdings) -> None:
    """Tick until it looks at its limits."""
    _ = [holdings.tick() for _ in range(TICKS_A_LOOK)]


@pytest.mark.both
def test_lane_that_has_left_takes_no_share_of_anything_and_is_not_called_dead(caplog: pytest.LogCaptureFixture) -> None:
    run = planned_run(4)
    Experiment.objects.update(budget_usd=5)
    line, budget = line_to(FakeRunner(()), FakeClock()), Budget(Owner.EXPERIMENT, run.experiment_id)
    line.provider_id = run.provider_id
    holdings = holdings_of(LaneFactory(), lines={run.provider_id: line}, wallets={budget: Wallet(budget)})
    look(holdings)
    held = ProviderShare.objects.count(), PurseHold.objects.count()

    holdings.leave()
    look(holdings)

    left = ProviderShare.objects.count(), PurseHold.objects.count()
    assert (held, left) == ((1, 1), (0, 0))
    assert not holdings.pulse.is_lost
    assert [record.levelname for record in caplog.records if record.levelname != "INFO"] == []
