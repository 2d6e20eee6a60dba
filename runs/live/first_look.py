"""How fast runs go, for whoever looks for the first time: from the results of the last seconds."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from runs.models import Result, Run
from runs.models.results import ORDINAL_BITS, result_id_of

WINDOW_S = 20.0
MOST_RESULTS = 2000
"""As many results are looked at for all runs together: a page must not take longer for more of them."""


def first_rates(results: Mapping[Run, int]) -> dict[int, float | None]:
    """Return results a second by run id, given how many each run has; None: nothing came lately. One query for all.

    Ordinals are worked nearly in their order, so that the highest results are those of the last seconds.
    """
    if not results:
        return {}
    now, each, ranges = timezone.now(), max(2, MOST_RESULTS // len(results)), Q()
    for run, count in results.items():
        first = result_id_of(run.pk, max(0, count - each))
        ranges |= Q(pk__gte=first, pk__lt=result_id_of(run.pk + 1, 0))
    recent = Q(finished_at__gte=now - timedelta(seconds=WINDOW_S), reused_from=None)
    found: dict[int, list[datetime]] = defaultdict(list)
    for pk, at in Result.objects.filter(ranges, recent).order_by().values_list("pk", "finished_at")[: 2 * MOST_RESULTS]:
        found[pk >> ORDINAL_BITS].append(at)
    return {run.pk: _rate(run, found[run.pk], now, is_cut=len(found[run.pk]) >= each) for run in results}


def _rate(run: Run, times: list[datetime], now: datetime, *, is_cut: bool) -> float | None:
    """Return the rate of what came: over the window, or since the first of those where the window holds more."""
    if not times:
        return None
    since = min(times) if is_cut else max(now - timedelta(seconds=WINDOW_S), run.started_at or now)
    passed_s = (now - min(since, *times)).total_seconds()
    return len(times) / passed_s if passed_s > 0 else None
