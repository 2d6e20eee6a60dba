"""Positions of a dataset's items: numbers with gaps, so that a new row between two others moves neither."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from experiments.models.datasets import POSITION_GAP


def positions_for(current: Sequence[int | None]) -> list[int]:
    """Return a position for each row, rising, with as many of the current ones kept as can be.

    `current` holds the positions of the rows in their new order; None: the row has none yet.
    """
    positions: list[int] = []
    last = 0
    for index in _longest_rising(current):
        position = current[index]
        between = index - len(positions)
        if position is None or position - last <= between:
            continue  # no room for the rows before it: it moves as well
        positions += [*_spread(last, position, between), position]
        last = position
    rest = len(current) - len(positions)
    return positions + [last + POSITION_GAP * number for number in range(1, rest + 1)]


def _spread(low: int, high: int, count: int) -> Iterator[int]:
    """Yield `count` numbers evenly between two others."""
    return (low + (high - low) * number // (count + 1) for number in range(1, count + 1))


def _longest_rising(values: Sequence[int | None]) -> list[int]:
    """Return the indexes of a longest rising subsequence of the numbers that are there.

    **Source**: M. L. Fredman, On computing the length of longest increasing subsequences, Discrete Mathematics 11
    (1975), with links back to the predecessors.
    """
    ends: list[int] = []  # ends[n]: the smallest number that a rising subsequence of n + 1 numbers can end with
    indexes: list[int] = []
    before: dict[int, int | None] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        length = bisect_left(ends, value)
        before[index] = indexes[length - 1] if length else None
        ends[length : length + 1] = [value]
        indexes[length : length + 1] = [index]
    return list(_chain(indexes[-1] if indexes else None, before))[::-1]


def _chain(index: int | None, before: dict[int, int | None]) -> Iterator[int]:
    while index is not None:
        yield index
        index = before[index]
