"""Conditions that a number is one of many."""

import pytest

from experiments.among import Among
from runs.models import Result
from tests.factories import ResultFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_rows_among_numbers_are_found_by_their_column() -> None:
    first, second, _ = ResultFactory(), ResultFactory(), ResultFactory()

    found = Result.objects.filter(Among("pk", [second.pk, first.pk, 7]))

    assert set(found) == {first, second}
    assert set(Result.objects.filter(Among("item_id", {second.item_id}))) == {second}


def test_nothing_is_among_no_numbers() -> None:
    ResultFactory()

    assert not Result.objects.filter(Among("pk", [])).exists()
