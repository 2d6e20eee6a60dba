"""Wallets let a call begin when its money is set aside, and nobody spends what another has."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest

from experiments.models import Experiment
from runs.limits.purses import LanePurse
from runs.limits.wallets import Budget, Owner, Purchase, Wallet
from runs.models import Purse, PurseHold
from tests.factories import ExperimentFactory, LaneFactory

ONE = Decimal(1)


def wallet_with(usd: int, experiment_id: int = 1) -> Wallet:
    """Return a wallet with so much in it."""
    wallet = Wallet(Budget(Owner.EXPERIMENT, experiment_id))
    wallet.add(Decimal(usd))
    return wallet


async def test_purchase_waits_until_there_is_enough() -> None:
    wallet = wallet_with(1)
    await Purchase([wallet], ONE).set_aside()
    second = asyncio.create_task(Purchase([wallet], ONE).set_aside())
    await asyncio.sleep(0)
    before = second.done()

    wallet.add(ONE)
    await second

    assert (before, wallet.left_usd, wallet.open_usd) == (False, 0, 2)


async def test_purchase_that_costs_less_gives_the_rest_to_who_waits() -> None:
    wallet = wallet_with(1)
    first = Purchase([wallet], ONE)
    await first.set_aside()
    second = asyncio.create_task(Purchase([wallet], ONE / 2).set_aside())
    await asyncio.sleep(0)

    first.settle(ONE / 2)
    await second

    assert (wallet.spent_usd, wallet.open_usd, wallet.left_usd) == (ONE / 2, ONE / 2, 0)


async def test_purchase_of_unknown_cost_keeps_what_was_thought() -> None:
    wallet = wallet_with(2)
    purchase = Purchase([wallet], ONE)
    await purchase.set_aside()

    purchase.settle(None)
    purchase.settle(None)

    assert (wallet.spent_usd, wallet.open_usd) == (1, 0)


async def test_purchase_cancelled_while_it_waits_gives_back_what_it_has() -> None:
    rich, poor = wallet_with(5), wallet_with(0)
    task = asyncio.create_task(Purchase([rich, poor], ONE).set_aside())
    await asyncio.sleep(0)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert (rich.open_usd, rich.spent_usd, poor.waiting_usd) == (0, 0, 0)


@pytest.fixture
def budget(db: None) -> Budget:
    """Ten dollars for an experiment."""
    return Budget(Owner.EXPERIMENT, ExperimentFactory(budget_usd=Decimal(10)).pk)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """A loop that stands still while the database is asked."""
    with asyncio.Runner() as made:
        yield made


class Spender:
    """A lane whose calls cost a dollar each."""

    def __init__(self, budget: Budget, runner: asyncio.Runner, calls: int) -> None:
        self.wallet, self._runner = Wallet(budget), runner
        self.purse = LanePurse(self.wallet, LaneFactory().pk)
        self.tasks = runner.run(self._wait(calls))

    async def _wait(self, calls: int) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(self.wallet.set_aside(ONE)) for _ in range(calls)]
        await asyncio.sleep(0)
        return tasks

    def allot(self) -> str:
        """Take money as a lane does at each tick; return the reason to pause."""
        allotment = self.purse.allot()
        self.wallet.add(allotment.more_usd)
        return allotment.reason

    def pay(self) -> None:
        """End the calls that are open, at a dollar each."""
        while self.wallet.open_usd:
            self.wallet.settle(ONE, ONE)
            self._runner.run(asyncio.sleep(0))


@pytest.mark.both
def test_two_lanes_never_have_more_than_the_budget(budget: Budget, runner: asyncio.Runner) -> None:
    one, other = lanes = Spender(budget, runner, 50), Spender(budget, runner, 50)
    reasons: list[str] = []

    for lane in lanes * 6:
        reasons.append(lane.allot())
        lane.pay()

    assert one.wallet.spent_usd + other.wallet.spent_usd == 10
    assert Purse.objects.get().spent_usd == 10
    assert "$10.00, is used up: $10.00 are spent" in reasons[-1]


@pytest.mark.both
def test_money_that_another_lane_may_give_back_is_waited_for(budget: Budget, runner: asyncio.Runner) -> None:
    rich, poor = Spender(budget, runner, 50), Spender(budget, runner, 1)
    rich.allot()

    assert poor.allot() == ""

    assert poor.wallet.granted_usd == 0


def test_money_of_a_dead_lane_stays_spent(budget: Budget, runner: asyncio.Runner) -> None:
    purse = Purse.objects.create(experiment_id=budget.pk)
    PurseHold.objects.create(purse=purse, lane_number=10**9, held_usd=10)

    said = Spender(budget, runner, 1).allot()

    assert "is used up: $0.00 are spent, $10.00 may have been by workers that were killed, and" in said


def test_budget_that_is_raised_gives_more(budget: Budget, runner: asyncio.Runner) -> None:
    Purse.objects.create(experiment_id=budget.pk, spent_usd=10)
    spender = Spender(budget, runner, 1)
    before = spender.allot()

    Experiment.objects.update(budget_usd=20)

    assert ("is used up" in before, spender.allot(), spender.wallet.open_usd) == (True, "", 1)


def test_lane_that_ends_gives_the_rest_back(budget: Budget, runner: asyncio.Runner) -> None:
    spender = Spender(budget, runner, 3)
    spender.allot()
    spender.pay()

    spender.purse.close()

    assert (Purse.objects.get().spent_usd, PurseHold.objects.count()) == (3, 0)
