"""Two candidates on different items: two samples that have nothing to do with each other."""

from dataclasses import dataclass
from math import hypot, sqrt

import numpy as np
from numpy.typing import ArrayLike

from scoring.statistics.intervals import CONFIDENCE, Interval, wilson_interval
from scoring.statistics.paired import direction_between
from scoring.statistics.quantiles import t_quantile
from scoring.statistics.standard_errors import Floats, are_right_or_wrong, floats, has_spread


@dataclass(frozen=True, slots=True)
class UnpairedDifference:
    """How far the mean of the first candidate's items is above that of the second's."""

    value: float | None
    """First mean minus second; None: one of them has no item."""
    interval: Interval | None
    """None: graded values, fewer than two of one, or no spread in either."""
    n_first: int
    n_second: int

    @property
    def direction(self) -> str:
        """better, worse or inconclusive: whether the interval excludes 0."""
        return direction_between(self.interval.low, self.interval.high) if self.interval else "inconclusive"


def unpaired_difference(first: ArrayLike, second: ArrayLike, confidence: float = CONFIDENCE) -> UnpairedDifference:
    """Return the difference of the means of two independent samples of item values with its interval.

    Where all values are 0 or 1 it is that of two proportions, else Welch's.
    """
    one, other = floats(first), floats(second)
    if not len(one) or not len(other):
        return UnpairedDifference(None, None, len(one), len(other))
    interval_of = _of_proportions if are_right_or_wrong(one, other) else _welch
    interval = interval_of(one, other, confidence)
    return UnpairedDifference(float(one.mean() - other.mean()), interval, len(one), len(other))


def _of_proportions(first: Floats, second: Floats, confidence: float) -> Interval | None:
    """**Source**: Newcombe (1998), "Interval estimation for the difference between independent proportions", 10."""
    one, other = (wilson_interval(int(values.sum()), len(values), confidence) for values in (first, second))
    if one is None or other is None:
        return None
    rate, other_rate = float(first.mean()), float(second.mean())
    below = hypot(rate - one.low, other.high - other_rate)
    above = hypot(one.high - rate, other_rate - other.low)
    return Interval(rate - other_rate - below, rate - other_rate + above)


def _welch(first: Floats, second: Floats, confidence: float) -> Interval | None:
    """**Source**: Welch (1947), "The generalization of Student's problem"; t with his approximate degrees."""
    if min(len(first), len(second)) < 2 or not (has_spread(first) or has_spread(second)):
        return None
    one, other = (float(np.var(values, ddof=1)) / len(values) for values in (first, second))
    degrees = (one + other) ** 2 / (one**2 / (len(first) - 1) + other**2 / (len(second) - 1))
    half_width = t_quantile((1 + confidence) / 2, degrees) * sqrt(one + other)
    return Interval.around(float(first.mean() - second.mean()), half_width)
