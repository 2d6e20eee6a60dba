"""The one clock of the limits: no two machines' clocks are ever compared."""

import time

from django.db import connection


def ledger_now() -> float:
    """Return seconds that every lane of this database counts alike.

    PostgreSQL: the database's clock. SQLite is one machine's: its clock since the start, which nobody sets.
    """
    if connection.vendor != "postgresql":
        return time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])
