"""Locks on PostgreSQL: who changes a row does not wait for those who store rows that point at it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.utils import OperationalError

from experiments.actions import declare_experiment, delete_provider, project_named
from experiments.models import Candidate, Experiment, PromptVersion, Provider, ScorerSpec
from tests.experiments.declared_files import declared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

POINTED_AT = (Provider, PromptVersion, Candidate, ScorerSpec, Experiment)
"""What the rows of a run and its scores point at."""


def impatient(action: Callable[[], Any]) -> None:
    """Do something on a connection of its own that waits for no lock longer than a second."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        action()
    finally:
        connection.close()


def elsewhere(action: Callable[[], Any]) -> None:
    """Do something on another connection, and raise what it raises."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(impatient, action).result()


@pytest.fixture
def declare(tmp_path: Path) -> Callable[[], Any]:
    """Declare a file, which has been declared before."""

    def again() -> Any:
        return declare_experiment(file=declared(tmp_path), project=project_named("default"), by=None)

    again()
    return again


@pytest.fixture
def pointed_at(declare: Callable[[], Any]) -> Iterator[None]:
    """A transaction that has stored rows which point at everything that was declared, and is not committed."""
    with transaction.atomic():
        for model in POINTED_AT:
            point_at(model)
        yield


def point_at(model: type[models.Model]) -> None:
    """Lock the rows as PostgreSQL does when a row that points at them is stored."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {model._meta.db_table} FOR KEY SHARE")  # noqa: S608 - a table of ours
        assert cursor.fetchall()


def test_declare_experiment_waits_for_nobody_who_stores_runs_of_it(
    declare: Callable[[], Any], pointed_at: None
) -> None:
    elsewhere(declare)

    assert Experiment.objects.count() == 1


def test_delete_provider_waits_for_who_stores_something_that_points_at_it(pointed_at: None) -> None:
    provider = Provider.objects.get()

    with pytest.raises(OperationalError, match="lock timeout"):
        elsewhere(lambda: delete_provider(provider=provider, by=None))
