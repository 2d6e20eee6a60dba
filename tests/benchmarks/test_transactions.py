"""What the benchmarks take for a transaction that keeps others from writing."""

import pytest
from django.db import transaction

from benchmarks.transactions import longest, transactions
from experiments.models import Project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def test_outermost_transactions_and_writes_outside_of_them_are_counted() -> None:
    with transactions() as found:
        with transaction.atomic(), transaction.atomic(savepoint=False):  # whose statement may take longest
            Project.objects.create(name="within")
        Project.objects.update(is_demo=False)
        assert Project.objects.exists()

    assert [one.statement.split()[0] for one in found] == ["INSERT", "UPDATE"]
    assert longest(found)["transactions"] == 2
    assert longest(found)["longest_ms"] > 0


def test_of_no_transaction_the_longest_takes_no_time() -> None:
    assert longest([]) == {"transactions": 0, "longest_ms": 0.0, "longest_cpu_ms": 0.0}
