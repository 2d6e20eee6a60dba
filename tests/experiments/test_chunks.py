"""How much is written at once."""

import gc
from collections.abc import Iterator

import pytest

from experiments.chunks import Pace, chunks


class Clock:
    """A clock that a transaction of a row moves on."""

    now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def sizes(clock: Clock, seconds_a_row: Iterator[float]) -> list[int]:
    """Return how many rows each transaction writes while rows take so long; waiting for the lock takes a second."""
    pace, written = Pace(40, clock), []
    for rows, each in zip(pace.chunks(range(10_000)), seconds_a_row, strict=False):
        with pace.transaction(len(rows), lambda: setattr(clock, "now", clock.now + 1.0)):
            clock.now += len(rows) * each
        written.append(len(rows))
    return written


@pytest.mark.django_db
def test_pace_writes_fewer_rows_where_they_take_long_and_more_again_where_not() -> None:
    each = iter([0.001, 0.008, 0.0001, 0.0001, 0.0001, 0.0001, 0.0001, 0.1])

    assert sizes(Clock(), each) == [40, 40, 20, 40, 80, 160, 250, 250]


@pytest.mark.django_db
def test_no_garbage_is_collected_while_others_wait() -> None:
    with Pace().transaction(1, gc.isenabled) as while_locked, Pace().transaction(1, gc.isenabled):
        pass

    assert not while_locked
    assert gc.isenabled()


@pytest.mark.django_db
def test_garbage_is_collected_again_after_a_failure() -> None:
    with pytest.raises(KeyError), Pace().transaction(1, gc.isenabled):
        raise KeyError

    assert gc.isenabled()


def test_chunks_are_of_one_size_but_for_the_last() -> None:
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
