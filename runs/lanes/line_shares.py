"""A lane's side of its shares: tells what its line to a provider needs and heard, and hands it what it may use."""

import math
import time
from collections.abc import Callable

from runs.limits.allowance import Allowance
from runs.limits.ledger import Ask
from runs.limits.meters import Meter
from runs.limits.shares import Report, Share, Used, take_share
from runs.lines import ProviderLine

TOKENS_EACH = 500.0
"""What a call is thought to take before the first one has come."""
SPARE_CALLS = 8
IN_VAIN = 4
"""Shares that come to no call after which a lane that waits for one asks no more often than others."""


class LineShare:
    """Takes the share of one line. Lives in the lane's database thread."""

    def __init__(self, line: ProviderLine, lane_id: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._line, self._lane_id, self._clock = line, lane_id, clock
        self._calls_told = 0
        self._tokens_each = TOKENS_EACH
        self._in_vain = 0
        self.is_pressing = False
        """Whether to ask again soon: others wait for what it has to give back, or it has nothing and may get some."""

    def take(self, *, at_least: int = 0) -> Callable[[], None]:
        """Ask for a share that suits at least so many calls; return what hands it to the line, in the event loop."""
        asked_at_s = self._clock()
        report = self._report(at_least)
        share = take_share(provider_id=self._line.provider_id, lane_id=self._lane_id, report=report)
        self._in_vain = 0 if share.in_flight or not report.wanted else self._in_vain + 1
        self.is_pressing = share.in_flight < report.held or 0 < self._in_vain < IN_VAIN
        return lambda: self._hand_over(share, asked_at_s)

    def _report(self, at_least: int) -> Report:
        gate = self._line.gate
        made, self._calls_told = gate.calls_made - self._calls_told, gate.calls_made
        meter = gate.meter
        used = min(made, gate.limit)  # a lane that has nothing in this moment may have claimed more in the next
        return Report(
            wanted=max(gate.wanted, used, at_least),
            held=max(gate.limit, gate.open),
            open=gate.open,
            waiting=gate.waiting,
            ask=self._ask(made, at_least),
            heard=self._line.ear.report(),
            used={} if meter is None else used_of(meter),
            settled={} if meter is None else settled_of(meter),
            unmetered_calls=made if meter is None else 0,
        )

    def _ask(self, made: int, at_least: int) -> Ask:
        """Return what would be called until the next share: who waits, as far as calls in flight let them."""
        gate = self._line.gate
        waiting, tokens = gate.waiting, gate.waiting_tokens
        if waiting and tokens > 0:
            self._tokens_each = tokens / waiting
        startable = max(0, gate.limit - gate.open) + 2 * made + SPARE_CALLS
        wanted = max(at_least, min(waiting + made + 1, startable))
        at_hand = gate.meter.calls_left if gate.meter else 0
        return Ask(max(0, wanted - at_hand), self._tokens_each, gate.first_tokens)

    def _hand_over(self, share: Share, asked_at_s: float) -> None:
        gate = self._line.gate
        if share.held_for_s:
            gate.hold(share.held_for_s)
        if share.grant is None:
            gate.set_meter(None)
        elif share.grant.calls:
            gate.allow(Allowance.of(share.number, share.grant, asked_at_s))
        elif gate.meter is None:
            gate.set_meter(Meter())
        gate.set_limit(share.in_flight)


def used_of(meter: Meter) -> dict[int, Used]:
    """Return what became of the allowances that are over, and forget them."""
    used = {}
    while meter.closed:
        over = meter.closed.popleft()
        # Without a limit of tokens none were booked: those of its calls are, for the page that shows them.
        unused = over.tokens - over.tokens_used if math.isfinite(over.tokens) else -over.tokens_used
        used[over.number] = Used(over.calls_left, unused, over.is_carried_over)
    return used


def settled_of(meter: Meter) -> dict[int, tuple[int, int]]:
    """Return the corrections of each allowance, and forget them."""
    settled: dict[int, tuple[int, int]] = {}
    while meter.settled:
        number, calls, tokens = meter.settled.popleft()
        before = settled.get(number, (0, 0))
        settled[number] = (before[0] + calls, before[1] + tokens)
    return settled
