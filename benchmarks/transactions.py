"""The transactions of this process, each with how long it keeps others from writing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.transaction import Atomic

from benchmarks.measuring import database_cpu_s

WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction from its begin, behind those that wrote before on SQLite, to the end of its commit."""

    wall_s: float
    cpu_s: float
    """Of this process and of that of PostgreSQL which serves it: neighbours lengthen it little."""
    statement: str
    """The begin of the one that took longest."""


class _Watch:
    """Notes the transactions of one connection, and writes outside of them, each of which is one."""

    def __init__(self) -> None:
        self.found: list[Transaction] = []
        self._depth = 0
        self._begun = (0.0, 0.0)
        self._slowest = (0.0, "")

    def entered(self) -> None:
        """Note a transaction, or one within it, that has begun."""
        self._depth += 1
        if self._depth == 1:
            self._begun, self._slowest = _now(), (0.0, "")

    def left(self) -> None:
        """Note the end of what was entered last."""
        self._depth -= 1
        if not self._depth:
            self._end(self._slowest[1])

    def asked(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        """Send a statement and note how long it took."""
        is_alone = not self._depth and sql.startswith(WRITES)
        if is_alone:
            self._begun = _now()
        began = time.perf_counter()
        result = execute(sql, params, many, context)
        self._slowest = max(self._slowest, (time.perf_counter() - began, sql[:100]))
        if is_alone:
            self._end(sql[:100])
        return result

    def _end(self, statement: str) -> None:
        wall_s, cpu_s = _now()
        self.found.append(Transaction(wall_s - self._begun[0], cpu_s - self._begun[1], statement))


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time() + database_cpu_s()


@contextmanager
def transactions() -> Iterator[list[Transaction]]:
    """Give a list that every transaction of this thread's connection is added to; those of other threads are not."""
    watch, enter, leave = _Watch(), Atomic.__enter__, Atomic.__exit__
    connection.ensure_connection()
    own = connection.connection

    def entered(self: Any) -> None:
        enter(self)
        if connection.connection is own:
            watch.entered()

    def left(self: Any, *error: Any) -> None:
        leave(self, *error)
        if connection.connection is own:
            watch.left()

    entering, leaving = patch.object(Atomic, "__enter__", entered), patch.object(Atomic, "__exit__", left)
    with entering, leaving, connection.execute_wrapper(watch.asked):
        yield watch.found


def longest(found: list[Transaction]) -> dict[str, float]:
    """Return {"transactions", "longest_ms", "longest_cpu_ms"}; of none the times are 0."""
    return {
        "transactions": len(found),
        "longest_ms": 1000 * max((one.wall_s for one in found), default=0.0),
        "longest_cpu_ms": 1000 * max((one.cpu_s for one in found), default=0.0),
    }
