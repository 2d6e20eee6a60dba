"""How a provider's limits are used at this moment, over all lanes."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from experiments.models import Provider
from runs.limits.ledger_clock import ledger_now
from runs.limits.shares import spent_of_minute
from runs.models import ProviderPace, ProviderShare


@dataclass(frozen=True, slots=True)
class LimitsNow:
    """What is open, spent and waiting; as the lanes last said, which they do at least once a second."""

    in_flight: int
    """Calls that are open."""
    waiting: int
    """Calls that would begin if they might."""
    requests_last_minute: int
    tokens_last_minute: int
    """Estimated for calls that are open, then as the provider counted them."""
    share_of_limit: float
    """What the provider takes of its limits at the moment, 0 to 1: a 429 lowers it, success raises it."""
    held_for_s: float
    """Seconds until calls begin again, since the provider asked for it; 0: they do."""
    throttled_at: datetime | None
    """When the last 429 came; None: none so far."""
    throttled_count: int
    """429s so far."""


def limits_now(provider: Provider) -> LimitsNow:
    """Return how a provider's limits are used."""
    now_s = ledger_now()
    shares = ProviderShare.objects.filter(provider=provider)
    sums = shares.aggregate(open=Sum("open_count"), waiting=Sum("waiting_count"))
    pace = ProviderPace.objects.filter(provider=provider).first() or ProviderPace(provider=provider)
    spent = spent_of_minute(provider, now_s)
    return LimitsNow(
        in_flight=sums["open"] or 0,
        waiting=sums["waiting"] or 0,
        requests_last_minute=spent.calls,
        tokens_last_minute=spent.tokens,
        share_of_limit=pace.share_of_limit,
        held_for_s=max(0.0, pace.held_until_s - now_s),
        throttled_at=pace.throttled_at,
        throttled_count=pace.throttled_count,
    )
