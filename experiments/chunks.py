"""Cutting what is many into what is written at once."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from django.db import transaction

V = TypeVar("V")
GOAL_S = 0.04
"""So long a chunk should hold other writers up: they may wait 100 ms at most."""
LEAST, MOST = 20, 250


def chunks(values: Iterable[V], size: int) -> Iterator[list[V]]:
    """Yield the values in their order as lists of at most `size`."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


class Pace:
    """How many rows a short transaction writes: as many as the one before shows to fit in 40 ms, on any machine."""

    def __init__(self, size: int = 50, clock: Callable[[], float] = time.perf_counter) -> None:
        self.size = min(size, MOST)
        self._clock = clock

    def chunks(self, values: Iterable[V]) -> Iterator[list[V]]:
        """Yield the values in their order as lists, each of the size that holds when its turn comes."""
        rest = iter(values)
        while chunk := list(islice(rest, self.size)):
            yield chunk

    @contextmanager
    def transaction(self, rows: int, lock: Callable[[], V]) -> Iterator[V]:
        """Write so many rows in a transaction that begins with this lock, and give what that returns.

        The time that the lock was held, with the commit, sets the next size; waiting for it does not count.
        """
        with _uncollected(), transaction.atomic():
            held = lock()
            began = self._clock()
            yield held
        fitting = rows * GOAL_S / max(self._clock() - began, 1e-6)
        self.size = round(min(MOST, 2 * self.size, max(LEAST, fitting)))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Put the collecting of garbage off: beside what a large file is known by it takes 100 ms, in which others wait."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:  # who came while another one had put it off leaves it to that one
            gc.enable()
