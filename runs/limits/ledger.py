"""How much of a provider's minute a lane may take: arithmetic over what was spent, with the time passed in.

A share is planned into the time of the line: calls follow each other evenly, and none of it piles up. Apart from
that it has to fit into what is left of the last minute, which is what makes the limit hold. Of a share that a lane
takes at g, the last call leaves at most LATE_S after its end; it is counted from g until COUNTED_S after its end. So
whichever 60 s the provider looks at, the youngest share that reaches into them was granted while all the others that do
were counted: together they are within the limit, as long as calls are less than 0.4 s on their way.
"""

import math
from dataclasses import dataclass

AHEAD_S = 1.1
"""How far a share reaches: twice the half second until the lane asks again, and a bit."""
LATE_S = 0.2
"""How long after its end what is left of a share may still be used."""
COUNTED_S = 60.6
"""How long a share is counted after its end: the minute, LATE_S, and 0.4 s on the way."""
MINUTE_S = 60.0
CLOCK_S = 1e-6
"""What the time may be out by where a large reading of the clock is added to and taken away again."""


@dataclass(frozen=True, slots=True)
class MinuteLimits:
    """A provider's limits of a minute; None: no limit."""

    calls: float | None = None
    tokens: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is no limit at all."""
        return self.calls is None and self.tokens is None

    def scaled(self, share: float) -> "MinuteLimits":
        """Return this share of the limits."""
        return MinuteLimits(self.calls and self.calls * share, self.tokens and self.tokens * share)

    def seconds_of(self, tokens: float) -> float:
        """Return how much of the line's time a call of so many tokens takes."""
        by_calls = MINUTE_S / self.calls if self.calls else 0.0
        by_tokens = MINUTE_S * tokens / self.tokens if self.tokens else 0.0
        return max(by_calls, by_tokens)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a lane would use until it asks again."""

    calls: int
    tokens_each: float = 0.0
    """Mean tokens of its calls, estimated."""
    tokens_first: float = 0.0
    """Tokens of the call that comes first: at least that one must fit."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls and tokens of the minute that were taken, or given back."""

    calls: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Until when the line's time, and this lane's part of it, is given away."""

    line_until_s: float = 0.0
    lane_until_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a lane may use: so many calls, the first in `begins_in_s`, then one each `gap_s`."""

    calls: int
    tokens: float
    """Infinite where there is no limit of tokens."""
    begins_in_s: float
    gap_s: float

    @property
    def ends_in_s(self) -> float:
        """Seconds until the last call may begin."""
        return self.begins_in_s + self.gap_s * max(0, self.calls - 1)


NOTHING = Grant(0, 0.0, 0.0, 0.0)


def grant(
    ask: Ask, limits: MinuteLimits, pace: MinuteLimits, spent: Spent, plan: Plan, *, now_s: float, lanes: int
) -> tuple[Grant, Plan]:
    """Return what a lane gets, and the plan as it is then.

    `pace` is what the limits come to at the moment; `lanes` of them lack calls, this one included, and each gets an
    even part of the line's time.
    """
    each_s = pace.seconds_of(max(ask.tokens_each, 1.0))
    line_s, lane_s = max(now_s, plan.line_until_s), max(now_s, plan.lane_until_s)
    by_line = _slots(line_s, each_s, now_s)
    by_lane = _slots(lane_s, each_s * lanes, now_s)
    calls = max(0, min(ask.calls, by_line, by_lane, _room(ask, limits, spent)))
    if not calls:
        return NOTHING, plan
    begins_s = lane_s if lanes > 1 else max(line_s, lane_s)
    tokens = max(calls * ask.tokens_each, ask.tokens_first) if limits.tokens is not None else math.inf
    taken_s = max(calls * each_s, pace.seconds_of(tokens))
    after = Plan(line_s + taken_s, lane_s + taken_s * lanes)
    return Grant(calls, tokens, min(begins_s - now_s, AHEAD_S), _gap(begins_s, each_s * lanes, calls, now_s)), after


def _slots(begins_s: float, each_s: float, now_s: float) -> int:
    """Return how many calls begin before the reach of a share ends."""
    left_s = now_s + AHEAD_S - begins_s - CLOCK_S
    if left_s <= 0:
        return 0
    return math.ceil(left_s / each_s) if each_s else 2**31 - 1


def _gap(begins_s: float, each_s: float, calls: int, now_s: float) -> float:
    """Return the seconds between two calls: evenly, and none beyond the reach of a share."""
    left_s = max(0.0, now_s + AHEAD_S - begins_s)
    return min(each_s, left_s / max(1, calls - 1))


def _room(ask: Ask, limits: MinuteLimits, spent: Spent) -> int:
    """Return how many calls fit into what is left of the minute.

    A call of more tokens than the limit goes alone: else it would wait for ever.
    """
    by_calls = math.floor(limits.calls - spent.calls) if limits.calls is not None else 2**31 - 1
    if limits.tokens is None:
        return by_calls
    left = limits.tokens - spent.tokens
    if left < ask.tokens_first:
        return min(by_calls, 1) if not spent.tokens else 0
    return min(by_calls, max(1, math.floor(left / max(ask.tokens_each, 1.0))))


def after_return(plan: Plan, pace: MinuteLimits, unused: Spent, *, now_s: float) -> Plan:
    """Return the plan without the time of what a lane was given and did not use."""
    by_calls = MINUTE_S * unused.calls / pace.calls if pace.calls else math.inf
    by_tokens = MINUTE_S * unused.tokens / pace.tokens if pace.tokens else math.inf
    back_s = min(by_calls, by_tokens)
    return Plan(max(now_s, plan.line_until_s - back_s), plan.lane_until_s) if back_s < math.inf else plan
