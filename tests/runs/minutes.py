"""Lanes that spend a provider's minute in a time of their own, and what the provider counts of it."""

import random
from bisect import bisect_left
from dataclasses import dataclass, field

from runs.lanes.line_shares import settled_of, used_of
from runs.limits.allowance import Allowance
from runs.limits.ledger import Ask
from runs.limits.meters import Meter
from runs.limits.shares import Report, Share, take_share
from tests.fakes import FakeClock

STEP_S = 0.01
MINUTE_S = 60.0


@dataclass
class Sent:
    """What a provider counted: the moments of its calls, and their tokens."""

    at_s: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)

    def add(self, at_s: float, tokens: int, lane: int) -> None:
        """Count a call."""
        self.at_s.append(at_s)
        self.tokens.append(tokens)
        self.lanes.append(lane)

    def most_in_a_minute(self) -> tuple[int, int]:
        """Return the most calls, and the most tokens, of any 60 s: those that end with a call decide."""
        sums = [0]
        for tokens in self.tokens:
            sums.append(sums[-1] + tokens)
        starts = [bisect_left(self.at_s, at_s - MINUTE_S + 1e-9) for at_s in self.at_s]
        calls = max((end + 1 - start for end, start in enumerate(starts)), default=0)
        tokens_most = max((sums[end + 1] - sums[start] for end, start in enumerate(starts)), default=0)
        return calls, tokens_most

    def between(self, begin_s: float, end_s: float) -> tuple[int, int]:
        """Return the calls and the tokens of a stretch of time."""
        first, last = bisect_left(self.at_s, begin_s), bisect_left(self.at_s, end_s)
        return last - first, sum(self.tokens[first:last])


@dataclass
class SpendingLane:
    """A lane that always has calls waiting, or as many as come in: real allowances, real shares."""

    pk: int
    provider_id: int
    clock: FakeClock
    sent: Sent
    backlog: float
    arrivals_a_second: float = 0.0
    tokens: tuple[int, int] = (0, 0)
    """A call takes between these."""
    are_known: bool = True
    """Whether the lane knows how many before it calls; else it takes the mean."""
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    meter: Meter = field(default_factory=Meter)
    lives: bool = True
    made: int = 0
    _told: int = 0
    _next_tokens: int = 0

    def __post_init__(self) -> None:
        self._next_tokens = self.chance.randint(*self.tokens)

    @property
    def _estimate(self) -> float:
        return float(self._next_tokens) if self.are_known else sum(self.tokens) / 2

    def ask(self) -> Share:
        """Take a share as a lane does twice a second."""
        made, self._told = self.made - self._told, self.made
        wanted = int(self.backlog) + made + 1
        ask = Ask(max(0, wanted - self.meter.calls_left), sum(self.tokens) / 2, self._estimate)
        report = Report(wanted=4, held=4, ask=ask, used=used_of(self.meter), settled=settled_of(self.meter))
        share = take_share(provider_id=self.provider_id, lane_id=self.pk, report=report, clock=self.clock)
        if share.grant is not None and share.grant.calls:
            self.meter.add(Allowance.of(share.number, share.grant, self.clock()), self.clock())
        return share

    def step(self) -> None:
        """Let calls come in, and send those that may go."""
        self.backlog += self.arrivals_a_second * STEP_S
        while self.backlog >= 1 and self.meter.wait_s(self._estimate, self.clock()) == 0:
            number = self.meter.spend(self._estimate)
            self.meter.settle(number, self._next_tokens - self._estimate)
            self.sent.add(self.clock(), self._next_tokens, self.pk)
            self._next_tokens = self.chance.randint(*self.tokens)
            self.backlog -= 1
            self.made += 1


def play(lanes: list[SpendingLane], seconds: float, clock: FakeClock, *, seed: int = 1) -> None:
    """Let the lanes work; each asks about twice a second, none at the same time as the others."""
    chance = random.Random(seed)
    asks_at = {lane.pk: clock() + chance.random() * 0.5 for lane in lanes}
    until = clock() + seconds
    while clock() < until:
        for lane in lanes:
            if lane.lives and clock() >= asks_at[lane.pk]:
                lane.ask()
                asks_at[lane.pk] = clock() + 0.5 + chance.random() * 0.1
            if lane.lives:
                lane.step()
        clock.pass_by(STEP_S)
