"""The SQLite backend: who waits to write begins as soon as the other has ended, and says so when nobody ever does."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from evalsite.env import database

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseDatabaseWrapper]:
    """A connection to a database with one table, of a site that others write to as well."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings: dict[str, Any] = database(tmp_path)
    settings["OPTIONS"]["timeout"] = 0.3
    connection = ConnectionHandler({"default": settings})["default"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (n INTEGER)")
    yield connection
    connection.close()


@pytest.fixture
def other(connection: BaseDatabaseWrapper) -> Iterator[sqlite3.Connection]:
    """Another process that is writing."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


def write(connection: BaseDatabaseWrapper) -> None:
    """Write one row in a transaction."""
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    finally:
        connection.set_autocommit(True)


def test_who_waits_to_write_begins_once_the_other_has_ended(
    connection: BaseDatabaseWrapper, other: sqlite3.Connection
) -> None:
    end = Timer(0.05, lambda: other.execute("COMMIT"))
    end.start()

    write(connection)

    end.join()
    assert other.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_who_waits_for_too_long_is_told(connection: BaseDatabaseWrapper, other: sqlite3.Connection) -> None:
    began_s = time.monotonic()

    with pytest.raises(OperationalError, match="database is locked"):
        write(connection)

    assert time.monotonic() - began_s >= 0.3
    other.execute("COMMIT")
    write(connection)


def test_sqlite_waits_itself_for_what_is_no_transaction(
    connection: BaseDatabaseWrapper, other: sqlite3.Connection
) -> None:
    other.execute("COMMIT")
    write(connection)

    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (300,)
