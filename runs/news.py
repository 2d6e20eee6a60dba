"""News of runs from process to process on PostgreSQL: NOTIFY hurries a look that would have come anyway.

Nothing depends on a notification: one that is lost, or a pooler that does not pass LISTEN on, costs a moment.
On SQLite nothing is sent.
"""

import time
from collections.abc import Callable

from django.db import connection

CHANNEL = "evalsite_runs"
TELL_EVERY_S = 0.25


def tell() -> None:
    """Say that a run has changed, when the present transaction is committed (at once outside of one)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


class Teller:
    """Tells at most four times a second: each NOTIFY takes a lock that is the whole server's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, tell: Callable[[], None] = tell) -> None:
        self._clock, self._tell = clock, tell
        self._told_at_s = float("-inf")

    def tell(self) -> None:
        """Tell, unless that was done a moment ago."""
        if self._clock() - self._told_at_s >= TELL_EVERY_S:
            self._told_at_s = self._clock()
            self._tell()
