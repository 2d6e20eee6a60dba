"""Item values: from the scores of results to one number an item and scorer. Pure arithmetic on arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDING = 1e-9
"""Values that differ by less are the same."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a scorer's values become 0 to 1."""

    low: float
    high: float
    higher_is_better: bool = True

    @property
    def worst(self) -> float:
        """The worst value of the range, in the scorer's own unit."""
        return self.low if self.higher_is_better else self.high

    def normalise(self, values: Floats) -> Floats:
        """Return the values between 0 (worst) and 1 (best); those outside the range are clipped."""
        shares = np.clip((values - self.low) / (self.high - self.low), 0.0, 1.0)
        return shares if self.higher_is_better else 1.0 - shares

    def share(self, value: float) -> float:
        """Return one value as `normalise` does many."""
        share = min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))
        return share if self.higher_is_better else 1.0 - share


def no_positions() -> Ints:
    """Return no positions at all."""
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class ItemValues:
    """One number an item: the mean over its scored trials, in the scorer's own range."""

    positions: Ints
    """Positions in the case list, ascending."""
    means: Floats
    """As many as `positions`."""
    varying: Ints = field(default_factory=no_positions)
    """Those of the positions whose trials disagree."""

    @property
    def n(self) -> int:
        """Items with at least one value."""
        return len(self.positions)


def no_values() -> ItemValues:
    """Return the values of no item."""
    return ItemValues(no_positions(), np.empty(0))


class ItemSums:
    """Item values of any number of scores, in the memory that the items take: what came of each position so far."""

    def __init__(self, cases: int) -> None:
        """Positions are below `cases`."""
        self._counts = np.zeros(cases, dtype=np.int64)
        self._sums = np.zeros(cases)
        self._lowest, self._highest = np.full(cases, np.inf), np.full(cases, -np.inf)

    def add(self, positions: Ints, values: Floats) -> None:
        """Take in some scored results; the two arrays are parallel."""
        np.add.at(self._counts, positions, 1)
        np.add.at(self._sums, positions, values)
        np.minimum.at(self._lowest, positions, values)
        np.maximum.at(self._highest, positions, values)

    def add_same(self, counts: Ints, value: float) -> None:
        """Take in the same value for many results: `counts` says how many each position has."""
        self._counts += counts
        self._sums += counts * value
        found = counts > 0
        self._lowest[found] = np.minimum(self._lowest[found], value)
        self._highest[found] = np.maximum(self._highest[found], value)

    def values(self) -> ItemValues:
        """Return the mean of each position's values."""
        found = np.flatnonzero(self._counts)
        varies = self._highest[found] - self._lowest[found] > ROUNDING
        return ItemValues(found, self._sums[found] / self._counts[found], found[varies])


def item_values(positions: Ints, values: Floats) -> ItemValues:
    """Return the mean of each position's values; the two arrays are parallel, one entry a scored result."""
    sums = ItemSums(int(positions.max(initial=-1)) + 1)
    sums.add(positions, values)
    return sums.values()


def mean_and_variance(values: Floats) -> tuple[float | None, float | None]:
    """Return the mean and the sample variance (n - 1); None where there are too few values."""
    if len(values) == 0:
        return None, None
    variance = float(np.var(values, ddof=1)) if len(values) > 1 else None
    return float(np.mean(values)), variance


def common_positions(sets: Mapping[str, ItemValues]) -> Ints:
    """Return the positions that every one of them covers."""
    common: Ints | None = None
    for values in sets.values():
        common = values.positions if common is None else np.intersect1d(common, values.positions, assume_unique=True)
    return common if common is not None else no_positions()


def at(values: ItemValues, positions: Ints) -> Floats:
    """Return the means at these positions, all of which the values must cover."""
    means: Floats = values.means[np.searchsorted(values.positions, positions)]
    return means
