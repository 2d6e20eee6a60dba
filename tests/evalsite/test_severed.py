"""What PostgreSQL does about a client that is gone in the middle of a transaction."""

from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.signals import connection_created
from pytest_django import DjangoAssertNumQueries, Settings

from tests.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def locks() -> int:
    """Return how many advisory locks are held in all sessions."""
    with connection.cursor() as cursor:
        cursor.execute(LOCKED)
        return int(cursor.fetchone()[0])


@pytest.fixture
def silent(settings: Settings) -> Any:
    """A client with a connection of its own, whose transactions may stand open for a second."""
    settings.SEVERED_AFTER_S = 1
    options = {name: value for name, value in connection.settings_dict["OPTIONS"].items() if name != "pool"}
    client = type(connections["default"])({**connection.settings_dict, "OPTIONS": options}, alias="silent")
    yield client
    client.connection.close()


def test_transaction_of_a_client_that_is_gone_gives_its_locks_back(silent: Any) -> None:
    silent.ensure_connection()
    silent.connection.autocommit = False
    silent.connection.execute("SELECT pg_advisory_xact_lock(1)")
    held = locks()

    wait_until(lambda: not locks(), 20, "the end of the silent session")

    assert held == 1


def test_connection_that_is_handed_out_again_is_told_once(
    silent: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    silent.ensure_connection()

    with django_assert_num_queries(0, connection=silent):
        connection_created.send(sender=type(silent), connection=silent)
