"""What PostgreSQL does about a client that is gone in the middle of a transaction."""

import os
import socket
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.signals import connection_created
from pytest_django import DjangoAssertNumQueries, Settings

from runs.lanes.takeover import bury
from runs.sessions import session_name
from tests.factories import LaneFactory
from tests.waiting import wait_until

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

COPYING = ("active", "ClientRead")
SESSIONS = "SELECT state, wait_event FROM pg_stat_activity WHERE application_name = %s AND pid <> pg_backend_pid()"
LOCKED = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def locks() -> int:
    """Return how many advisory locks are held in all sessions."""
    with connection.cursor() as cursor:
        cursor.execute(LOCKED)
        return int(cursor.fetchone()[0])


def sessions() -> list[tuple[str, str]]:
    """Return (state, what it waits for) of this process's other sessions."""
    with connection.cursor() as cursor:
        cursor.execute(SESSIONS, [session_name(socket.gethostname(), os.getpid())])
        return list(cursor.fetchall())


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


def test_dead_process_in_the_middle_of_a_copy_gives_its_locks_back_when_it_is_buried(silent: Any) -> None:
    silent.ensure_connection()
    silent.connection.autocommit = False
    silent.connection.execute("CREATE TEMPORARY TABLE copied (number integer)")
    silent.connection.execute("SELECT pg_advisory_xact_lock(1)")
    silent.connection.pgconn.send_query(b"COPY copied FROM STDIN")  # and then silence
    others = LaneFactory(host=socket.gethostname(), pid=os.getpid() + 1)
    its = LaneFactory(host=socket.gethostname(), pid=os.getpid())
    wait_until(lambda: COPYING in sessions(), 20, "the COPY")

    bury(others)
    kept = locks()
    bury(its)

    wait_until(lambda: not locks(), 20, "the end of the silent session")
    assert kept == 1


def test_connection_that_is_handed_out_again_is_told_once(
    silent: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    silent.ensure_connection()

    with django_assert_num_queries(0, connection=silent):
        connection_created.send(sender=type(silent), connection=silent)
