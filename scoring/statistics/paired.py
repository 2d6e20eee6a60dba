"""Two candidates on the same items, and many comparisons at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

from scoring.statistics.intervals import CONFIDENCE, Interval, t_interval
from scoring.statistics.standard_errors import ROUNDING, standard_error

FEW_DISAGREEMENTS = 10
"""Discordant pairs below which a page says "too few disagreements"."""
WHOLE_NUMBERS_TO = 500
"""Discordant pairs up to which the exact test counts in whole numbers; of 6,000 that takes five seconds."""


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How far the first of two candidates is ahead on the items that both have."""

    value: float | None
    """Mean of first minus second; None: no pair."""
    standard_error: float | None
    """None: fewer than two pairs."""
    interval: Interval | None
    """None: fewer than two pairs, or all differences alike."""
    n: int
    """Pairs."""
    missing: int
    """Items that only one of them, or neither, has a value for."""

    @property
    def is_alike(self) -> bool:
        """Whether all pairs differ by the same, so that no interval can be estimated."""
        return self.n >= 2 and self.interval is None

    @property
    def direction(self) -> str:
        """better, worse or inconclusive: whether the interval excludes 0.

        Where ten pairs or more all differ by the same, their sign says it: by chance all point one way at most twice
        in a thousand (the sign test).
        """
        if self.interval is not None:
            low, high = self.interval.low, self.interval.high
        else:
            low = high = (self.value or 0.0) if self.n >= FEW_DISAGREEMENTS else 0.0
        return direction_between(low, high)


def direction_between(low: float, high: float) -> str:
    """Return better, worse or inconclusive: whether what lies between the two ends excludes 0."""
    if low > ROUNDING:
        return "better"
    return "worse" if high < -ROUNDING else "inconclusive"


def paired_difference(
    first: Sequence[float | None], second: Sequence[float | None], confidence: float = CONFIDENCE
) -> PairedDifference:
    """Return the mean difference of item values with its t interval; None stands for an item without a value.

    Raises ValueError for lengths that differ.

    **Source**: d_i = a_i - b_i, SE = sd(d) / sqrt(n); Miller (2024), section 4.2.
    """
    pairs = zip(first, second, strict=True)
    differences = [one - other for one, other in pairs if one is not None and other is not None]
    return difference_of(differences, len(first) - len(differences), confidence)


def difference_of(
    differences: "Sequence[float] | NDArray[np.float64]", missing: int, confidence: float = CONFIDENCE
) -> PairedDifference:
    """Return the mean of the differences of pairs with its t interval; `missing` pairs lack a value."""
    n = len(differences)
    if not n:
        return PairedDifference(None, None, None, 0, missing)
    mean, error = float(np.mean(differences)), standard_error(differences)
    interval = None if error is None else t_interval(mean, error, n, confidence)
    return PairedDifference(mean, error, interval, n, missing)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Where two candidates' 0/1 scores differ, and how likely so uneven a split is by chance."""

    only_first: int
    """Items that only the first got right."""
    only_second: int
    """Items that only the second got right."""
    p_value: float
    """Exact and two-sided; never shown alone."""

    @property
    def is_too_few(self) -> bool:
        """Whether there are too few discordant items to say anything."""
        return self.only_first + self.only_second < FEW_DISAGREEMENTS


def mcnemar(first: Sequence[float], second: Sequence[float]) -> Disagreement:
    """Return the exact test on paired 0/1 scores, same items in the same order.

    Raises ValueError for lengths that differ and for values other than 0 and 1.
    """
    if not {*first, *second} <= {0, 1}:
        raise ValueError("McNemar's test is of scores that are 0 or 1.")
    pairs = list(zip(first, second, strict=True))
    only_first = sum(one > other for one, other in pairs)
    only_second = sum(one < other for one, other in pairs)
    return Disagreement(only_first, only_second, mcnemar_p_value(only_first, only_second))


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the exact two-sided p-value of the discordant counts; 1 where there are none.

    **Source**: min(1, 2 P(Bin(b + c, 1/2) <= min(b, c))); McNemar (1947) in its binomial form.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if n > WHOLE_NUMBERS_TO:
        return min(1.0, 2 * _tail_of_halves(n, fewer))
    tail = sum(comb(n, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << n))


def _tail_of_halves(n: int, most: int) -> float:
    """Return P(Bin(n, 1/2) <= most), `most` at most n / 2, to nine digits, from its last term."""
    last = lgamma(n + 1) - lgamma(most + 1) - lgamma(n - most + 1) - n * log(2)
    share = total = 1.0
    for count in range(most, 0, -1):
        share *= count / (n - count + 1)
        total += share
        if share < ROUNDING * total:
            break
    return exp(last) * total


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected for their number, in the same order; together they err in 5 % at 0.05.

    **Source**: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, floor = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = floor
    return corrected
