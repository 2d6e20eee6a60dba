"""What projects have spent in this calendar month."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.limits.month import spent_this_month
from runs.models import Purse, Run
from tests.boards import experiment_in, run_of
from tests.factories import ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_spend_is_that_of_the_runs_of_this_month_or_of_the_purse() -> None:
    plain, budgeted, unpriced, idle = (ProjectFactory() for _ in range(4))
    run_of(experiment_in(plain), cost_usd="0.25")
    former = run_of(experiment_in(plain), cost_usd="7")
    Run.objects.filter(pk=former.pk).update(started_at=timezone.now() - timedelta(days=40))
    run_of(experiment_in(budgeted), cost_usd="2")
    Purse.objects.create(project=budgeted, month=f"{timezone.now():%Y-%m}", spent_usd="2.5")
    run_of(experiment_in(unpriced), unpriced_count=2)

    with CaptureQueriesContext(connection) as queries:
        spends = spent_this_month([plain, budgeted, unpriced, idle])

    assert len(queries) == 2
    assert [one.spent_usd for one in spends] == [Decimal("0.25"), Decimal("2.5"), None, Decimal(0)]
    assert [one.unpriced_count for one in spends] == [0, 0, 2, 0]
