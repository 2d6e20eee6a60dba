"""What a lane may spend of a budget, in memory: set aside before each call, and settled when its cost is known."""

from asyncio import Future, get_running_loop
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

NOTHING = Decimal(0)


class Owner(StrEnum):
    """Whose budget it is."""

    EXPERIMENT = "experiment"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget, by its owner."""

    owner: Owner
    pk: int


class Wallet:
    """A lane's part of one budget. Lives in the event loop; the database thread reads its sums."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.granted_usd = NOTHING
        """All that the lane was given so far."""
        self.spent_usd = NOTHING
        """What its calls have cost so far."""
        self.open_usd = NOTHING
        """Set aside for calls that are on their way."""
        self._waiting: deque[tuple[Decimal, Future[None]]] = deque()

    @property
    def left_usd(self) -> Decimal:
        """What may still be set aside."""
        return self.granted_usd - self.spent_usd - self.open_usd

    @property
    def waiting_usd(self) -> Decimal:
        """What the calls that wait for money are thought to cost."""
        return sum((usd for usd, _ in tuple(self._waiting)), NOTHING)

    @property
    def first_usd(self) -> Decimal | None:
        """What the first call that waits is thought to cost; None: none waits."""
        return self._waiting[0][0] if self._waiting else None

    async def set_aside(self, usd: Decimal) -> None:
        """Come back when so much is set aside; the caller must `settle` it."""
        if not self._waiting and usd <= self.left_usd:
            self.open_usd += usd
            return
        turn: Future[None] = get_running_loop().create_future()
        waiting = (usd, turn)
        self._waiting.append(waiting)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.settle(usd, NOTHING)
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
            raise

    def settle(self, thought_usd: Decimal, cost_usd: Decimal) -> None:
        """Book what a call has cost instead of what was set aside for it."""
        self.open_usd -= thought_usd
        self.spent_usd += cost_usd
        self._admit()

    def add(self, usd: Decimal) -> None:
        """Take more to spend; less, if negative."""
        self.granted_usd += usd
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.left_usd:
            usd, turn = self._waiting.popleft()
            if not turn.done():
                self.open_usd += usd
                turn.set_result(None)


class Purchase:
    """One call's money, in every wallet that its run has to ask."""

    def __init__(self, wallets: Sequence[Wallet], thought_usd: Decimal) -> None:
        self._wallets, self._thought_usd = wallets, thought_usd
        self._asked: list[Wallet] = []

    async def set_aside(self) -> None:
        """Come back when every wallet has enough."""
        for wallet in self._wallets:
            try:
                await wallet.set_aside(self._thought_usd)
            except BaseException:
                self.settle(NOTHING)
                raise
            self._asked.append(wallet)

    def settle(self, cost_usd: Decimal | None) -> None:
        """Book the cost, once; None: nobody knows it, so what was thought stays."""
        asked, self._asked = self._asked, []
        for wallet in asked:
            wallet.settle(self._thought_usd, self._thought_usd if cost_usd is None else cost_usd)
