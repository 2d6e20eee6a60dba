"""What the calls of projects have cost in this calendar month."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from experiments.models import Project
from runs.limits.wallets import NOTHING
from runs.models import Purse, WorkUnit


@dataclass(frozen=True, slots=True)
class MonthSpend:
    """What one project has spent."""

    project: Project
    spent_usd: Decimal | None
    """None: something was called, and nothing of it has a price."""
    unpriced_count: int
    """Results and calls whose cost is unknown: they are not in the sum."""


def spent_this_month(projects: Iterable[Project]) -> list[MonthSpend]:
    """Return what each project has spent, in their order, with two queries for all of them.

    A project with a budget knows it from its purse; of others it is the cost of the runs that began in this month.
    """
    by_id, now = {project.pk: project for project in projects}, timezone.now()
    purses = Purse.objects.filter(project__in=by_id, month=f"{now:%Y-%m}").values_list("project", "spent_usd")
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    units = WorkUnit.objects.filter(run__experiment__project__in=by_id, run__started_at__gte=begun).order_by()
    sums = units.values_list("run__experiment__project").annotate(Sum("cost_usd"), Sum("unpriced_count"))
    kept, costs = dict(purses), {pk: (cost or NOTHING, unpriced) for pk, cost, unpriced in sums}
    return [_of(project, kept.get(pk), *costs.get(pk, (NOTHING, 0))) for pk, project in by_id.items()]


def _of(project: Project, kept_usd: Decimal | None, cost_usd: Decimal, unpriced_count: int) -> MonthSpend:
    spent_usd = cost_usd if kept_usd is None else kept_usd
    return MonthSpend(project, None if unpriced_count and not spent_usd else spent_usd, unpriced_count)
