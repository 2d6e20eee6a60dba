"""The tests of PostgreSQL run on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections


@pytest.mark.postgres
@pytest.mark.django_db
def test_postgres_mark_runs_on_postgres() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()

    assert int(version.partition(".")[0]) >= 14


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_both_mark_runs_on_a_database_that_other_threads_read() -> None:
    User.objects.create_user("somebody")

    with ThreadPoolExecutor(1) as threads:
        names = threads.submit(_names_of_users).result()

    assert names == ["somebody"]


def _names_of_users() -> list[str]:
    try:
        return list(User.objects.values_list("username", flat=True))
    finally:
        connections.close_all()
