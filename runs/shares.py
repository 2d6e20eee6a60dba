"""Shares: how the lanes part a provider's limits among themselves. One short transaction a second and lane."""

from django.db import transaction
from django.db.models import Sum

from experiments.models import Provider
from runs.models import ProviderShare


def take_share(*, provider_id: int, lane_id: int, wanted: int, held: int) -> int:
    """Return how many calls this lane may have open at the provider, and write it down for the others.

    `wanted` calls would be open if there were no limit; `held` is the most that may be open until the lane hears
    the answer. A lane keeps what it has until another one lacks something: then only what it can use, and no more
    than its even part. What it has to give back counts as its own until its calls have ended.
    """
    with transaction.atomic():
        limit = Provider.objects.select_for_update().values_list("max_in_flight", flat=True).get(pk=provider_id)
        others = ProviderShare.objects.filter(provider_id=provider_id).exclude(lane_id=lane_id)
        taken: int = others.aggregate(sum=Sum("granted"))["sum"] or 0
        allowed: int = min(max(wanted, held), max(0, limit - taken))
        if any(share.wanted > share.granted for share in others):
            sharers = 1 + sum(share.wanted > 0 for share in others)
            allowed = min(allowed, wanted, max(1, limit // sharers))
        granted = max(allowed, min(held, max(0, limit - taken)))
        values = {"granted": granted, "wanted": wanted}
        ProviderShare.objects.update_or_create(provider_id=provider_id, lane_id=lane_id, defaults=values)
    return allowed
