"""Shares: how the lanes part a provider's limits among themselves. A short transaction a second and lane.

Where there are limits of a minute a lane asks twice a second, so that no time of the line is lost.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Case, F, Sum, Value, When
from django.utils import timezone

from experiments.models import Provider
from runs.limits.ledger import AHEAD_S, COUNTED_S, NOTHING, Ask, Grant, MinuteLimits, Plan, Spent, after_return, grant
from runs.limits.ledger_clock import ledger_now
from runs.limits.throttling import Heard, Pressure
from runs.models import ProviderPace, ProviderShare, ProviderSpending

FARTHEST_S = 600.0
"""How far ahead the line's time is ever given away; beyond it the clock was set back, or the machine started anew."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a lane made of one grant."""

    unused_calls: int
    unused_tokens: float
    """Of the estimate; negative where the calls were thought to take more."""
    is_carried_over: bool = False
    """Whether the rest went to the next grant, and with it its time of the line."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a lane tells when it asks for its share."""

    wanted: int
    """Calls that would be open if there were no limit."""
    held: int
    """The most that may be open until the lane hears the answer."""
    open: int = 0
    waiting: int = 0
    ask: Ask = field(default_factory=lambda: Ask(0))
    heard: Heard = field(default_factory=Heard)
    used: Mapping[int, Used] = field(default_factory=dict)
    """Of each spending that is over: what was made of it."""
    settled: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Of each spending: (calls, tokens) that are to be added, since its calls took more than was estimated."""
    unmetered_calls: int = 0
    """Calls since the last report that needed no allowance."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a lane may use until it asks again."""

    in_flight: int
    grant: Grant | None
    """Of the minute's limits; None: there are none."""
    number: int = 0
    """The spending that the grant is booked under."""
    held_for_s: float = 0.0
    """How long nobody calls, since the provider asked for it."""


@transaction.atomic
def take_share(*, provider_id: int, lane_id: int, report: Report, clock: Callable[[], float] = ledger_now) -> Share:
    """Return what this lane may use of the provider's limits, and write it down for the others.

    Of the calls in flight a lane keeps what it has until another one lacks something: then only what it can use, and
    no more than its even part. What it has to give back counts as its own until its calls have ended.
    """
    provider = Provider.objects.select_for_update().get(pk=provider_id)
    pace = ProviderPace.objects.get_or_create(provider_id=provider_id)[0]
    shares = ProviderShare.objects.filter(provider_id=provider_id)
    others = list(shares.exclude(lane_id=lane_id))
    mine = shares.filter(lane_id=lane_id).first() or ProviderShare(provider_id=provider_id, lane_id=lane_id)
    return _Taking(provider, pace, mine, others, report, clock()).share()


@dataclass(slots=True)
class _Taking:
    """One lane's share in the making, under the provider's lock."""

    provider: Provider
    pace: ProviderPace
    mine: ProviderShare
    others: list[ProviderShare]
    report: Report
    now_s: float

    def share(self) -> Share:
        """Take it, and store what the others have to know."""
        limits = MinuteLimits(self.provider.requests_per_minute, self.provider.tokens_per_minute)
        self._set_clock_right()
        _settle(self.report.settled)
        returned = self._return_unused()
        pressure = self._pressure()
        in_flight = self._in_flight(pressure)
        minute = NOTHING if self.provider.is_paused or limits.is_open else self._minute(limits, pressure, returned)
        number = self._book(minute)
        self.mine.open_count, self.mine.waiting_count = self.report.open, self.report.waiting
        self.mine.save()
        self.pace.save()
        held_for_s = max(0.0, pressure.held_until_s - self.now_s)
        return Share(in_flight, None if limits.is_open else minute, number, held_for_s)

    def _set_clock_right(self) -> None:
        """What lies too far ahead was written before the clock was set back, or the machine started anew."""
        latest_s = self.now_s + AHEAD_S
        ahead = ProviderSpending.objects.filter(provider=self.provider, ends_at_s__gt=latest_s)
        ahead.update(ends_at_s=self.now_s)
        for row, name in ((self.pace, "planned_until_s"), (self.pace, "held_until_s"), (self.mine, "planned_until_s")):
            if getattr(row, name) > self.now_s + FARTHEST_S:
                setattr(row, name, self.now_s)

    def _pressure(self) -> Pressure:
        """Take what was heard into the provider's pace, and return it."""
        pace, heard = self.pace, self.report.heard
        before = Pressure(pace.share_of_limit, pace.lowered_at_s, pace.raised_at_s, pace.held_until_s)
        after = before.after(heard, self.now_s)
        pace.share_of_limit, pace.held_until_s = after.share, after.held_until_s
        pace.lowered_at_s, pace.raised_at_s = after.lowered_at_s, after.raised_at_s
        if heard.throttled:
            pace.throttled_at = timezone.now()
            pace.throttled_count += heard.throttled
        return after

    def _in_flight(self, pressure: Pressure) -> int:
        most, report = self.provider.max_in_flight, self.report
        limit = 0 if self.provider.is_paused else max(1, int(most * pressure.share))
        taken = sum(share.granted for share in self.others)
        allowed = min(max(report.wanted, report.held), max(0, limit - taken))
        if any(share.wanted > share.granted for share in self.others):
            sharers = 1 + sum(share.wanted > 0 for share in self.others)
            allowed = min(allowed, report.wanted, max(1, limit // sharers) if limit else 0)
        self.mine.granted = max(allowed, min(report.held, max(0, most - taken)))
        self.mine.wanted = report.wanted
        return allowed

    def _minute(self, limits: MinuteLimits, pressure: Pressure, returned: Spent) -> Grant:
        ask, pace = self.report.ask, limits.scaled(pressure.share)
        plan = Plan(self.pace.planned_until_s, self.mine.planned_until_s)
        plan = after_return(plan, pace, returned, now_s=self.now_s)
        lanes = 1 + sum(share.is_short for share in self.others)
        spent = spent_of_minute(self.provider, self.now_s)
        minute, plan = grant(ask, limits, pace, spent, plan, now_s=self.now_s, lanes=lanes)
        self.pace.planned_until_s, self.mine.planned_until_s = plan.line_until_s, plan.lane_until_s
        self.mine.is_short = minute.calls < ask.calls
        return minute

    def _return_unused(self) -> Spent:
        """Correct the books of the shares that are over to what was made of them; return what was not."""
        calls = tokens = 0
        for number, used in self.report.used.items():
            if used.unused_calls or round(used.unused_tokens):
                left = {"calls": F("calls") - used.unused_calls, "tokens": F("tokens") - round(used.unused_tokens)}
                ProviderSpending.objects.filter(pk=number).update(**left)
            if not used.is_carried_over:
                calls, tokens = calls + used.unused_calls, tokens + round(used.unused_tokens)
        return Spent(calls, max(0, tokens))

    def _book(self, minute: Grant) -> int:
        """Write the share into the books of the minute, and take out what is past."""
        spendings = ProviderSpending.objects.filter(provider=self.provider)
        spendings.filter(ends_at_s__lt=self.now_s - COUNTED_S).delete()
        calls = minute.calls + self.report.unmetered_calls
        if not calls:
            return 0
        return spendings.create(
            provider=self.provider,
            lane_number=self.mine.lane_id,
            ends_at_s=self.now_s + minute.ends_in_s,
            calls=calls,
            tokens=round(minute.tokens) if math.isfinite(minute.tokens) else 0,
        ).pk


def spent_of_minute(provider: Provider, now_s: float) -> Spent:
    """Return what the shares of the last minute come to, those of dead lanes included."""
    counted = ProviderSpending.objects.filter(provider=provider, ends_at_s__gte=now_s - COUNTED_S)
    sums = counted.aggregate(calls=Sum("calls"), tokens=Sum("tokens"))
    return Spent(sums["calls"] or 0, max(0, sums["tokens"] or 0))


def _settle(settled: Mapping[int, tuple[int, int]]) -> None:
    """Correct what was estimated to what it came to, in one statement."""
    if not settled:
        return
    corrected = {
        name: F(name) + Case(*[When(pk=number, then=Value(more[place])) for number, more in settled.items()])
        for place, name in enumerate(("calls", "tokens"))
    }
    ProviderSpending.objects.filter(pk__in=settled).update(**corrected)
