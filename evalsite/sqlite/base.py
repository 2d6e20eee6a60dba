"""SQLite that is written as soon as it is free.

Left to itself SQLite looks less and less often whether others have ended their transaction, at last ten times a
second: who waits is overtaken again and again by who has just written and comes back. Two lanes beside each other
stood still for half of their time. Here everybody looks every millisecond, so that who waits is next.
"""

import sqlite3
import time

from django.db import OperationalError
from django.db.backends.sqlite3 import base

LOOK_EVERY_S = 0.001
ERROR_KIND = 0xFF  # the rest of an error's number says more of the same kind


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to SQLite."""

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction. Raises OperationalError when others write for longer than the option `timeout`."""
        patience_s = float(self.settings_dict["OPTIONS"].get("timeout", 0))
        until_s = time.monotonic() + patience_s
        self._let_sqlite_wait(0.0)
        try:
            while not self._has_begun(is_last=time.monotonic() >= until_s):
                time.sleep(LOOK_EVERY_S)
        finally:
            self._let_sqlite_wait(patience_s)

    def _has_begun(self, *, is_last: bool) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
        except OperationalError as error:
            if is_last or not _is_busy(error):
                raise
            return False
        return True

    def _let_sqlite_wait(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")


def _is_busy(error: OperationalError) -> bool:
    cause = error.__cause__
    return isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & ERROR_KIND == sqlite3.SQLITE_BUSY
