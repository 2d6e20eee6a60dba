"""Confidence intervals of one mean or rate. The item is the unit: average an item's trials first."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from scoring.statistics.quantiles import normal_probability, normal_quantile, t_quantile
from scoring.statistics.standard_errors import ROUNDING, Floats, clustered_standard_error, floats, has_spread
from scoring.statistics.standard_errors import standard_error as standard_error_of

CONFIDENCE = 0.95
T_FROM = 200
"""Items from which the mean of graded scores has a t interval; below, a bootstrap."""
DIGITS = 12
"""Digits of an item value that count: weights that add up to 1 give 0.9999999999999999 too."""
RESAMPLES = 4000
SEED = 20240229
CHUNK = 1 << 18
"""Numbers drawn at once by the bootstrap: 2 MiB, which stays in the cache of the processor."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The two ends of a confidence interval. Where none can be estimated, functions return None instead."""

    low: float
    high: float

    @classmethod
    def around(cls, centre: float, half_width: float) -> Self:
        """Return the interval of this half width."""
        return cls(centre - half_width, centre + half_width)

    def clipped(self, low: float, high: float) -> "Interval":
        """Return the part of it that lies within the range that values can have."""
        return Interval(min(max(self.low, low), high), max(min(self.high, high), low))

    def outward(self, decimals: int) -> "Interval":
        """Return it rounded so that it never becomes narrower, for showing."""
        unit = Decimal(1).scaleb(-decimals)
        low = Decimal(str(self.low)).quantize(unit, rounding=ROUND_FLOOR)
        return Interval(float(low), float(Decimal(str(self.high)).quantize(unit, rounding=ROUND_CEILING)))


def wilson_interval(successes: int, n: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of a rate of `successes` in `n` items; None without items.

    Raises ValueError where `successes` does not lie between 0 and n.

    **Source**: Wilson (1927); Newcombe (1998), "Two-sided confidence intervals for the single proportion", method 3.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} items cannot be.")
    if n == 0:
        return None
    z, rate = _two_sided(confidence), successes / n
    spread = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / spread
    half_width = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / spread
    interval = Interval.around(centre, half_width)
    # At the ends the formula is exactly 0 or 1; floating point leaves 1e-17 of it.
    return Interval(0.0 if successes == 0 else interval.low, 1.0 if successes == n else interval.high)


def t_interval(mean: float, standard_error: float, n: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the t interval of a mean over n independent items (or clusters) with this standard error.

    None: fewer than two items, or no spread to estimate from.
    """
    if n < 2 or standard_error <= ROUNDING * abs(mean):
        return None
    return Interval.around(mean, t_quantile((1 + confidence) / 2, n - 1) * standard_error)


def t_interval_of_variance(mean: float, variance: float, n: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the t interval of a mean over n items whose values have this sample variance (n - 1); None as above."""
    return t_interval(mean, math.sqrt(max(0.0, variance) / n), n, confidence) if n else None


def clustered_interval(
    values: ArrayLike, clusters: Sequence[Hashable], confidence: float = CONFIDENCE
) -> Interval | None:
    """Return the interval of the mean over all values, of which those of one cluster go together.

    With each result's item as its cluster it holds while a run goes on: the mean is then the ratio of two sums, and
    items with more results weigh more. None: fewer than two clusters, or no spread.
    """
    error = clustered_standard_error(values, clusters)
    if error is None:
        return None
    return t_interval(float(floats(values).mean()), error, len(set(clusters)), confidence)


def bootstrap_interval(
    values: ArrayLike, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES, seed: int = SEED
) -> Interval | None:
    """Return the BCa bootstrap interval of the mean; the same values in the same order give the same interval.

    None: fewer than two values, no spread, or all resamples on one side of the mean, so that its bias is unknown.

    **Source**: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", section 14.3.
    """
    array = floats(values)
    if len(array) < 2 or not has_spread(array):
        return None
    means = _resampled_means(array, resamples, seed)
    bias = _bias(means, float(array.mean()))
    if bias is None:
        return None
    acceleration = _acceleration(array)
    z = _two_sided(confidence)
    shares = [_corrected(bias, acceleration, point) for point in (-z, z)]
    low, high = np.quantile(means, shares)
    return Interval(float(low), float(high))


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of the mean of graded scores, one an item: t from 200 items on, below them BCa.

    None: fewer than two items, or all alike.
    """
    array = floats(values)
    if len(array) < T_FROM:
        return bootstrap_interval(array, confidence=confidence)
    error = standard_error_of(array)
    return None if error is None else t_interval(float(array.mean()), error, len(array), confidence)


def score_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval | None:
    """Return the interval of a score from its item values, one an item: Wilson when all are 0 or 1, else by n.

    None: fewer than two items, or graded values that are all alike.
    """
    array = np.round(floats(values), DIGITS)
    if len(array) < 2:
        return None
    if np.isin(array, (0.0, 1.0)).all():
        return wilson_interval(int(array.sum()), len(array), confidence)
    return mean_interval(array, confidence)


def _two_sided(confidence: float) -> float:
    return normal_quantile((1 + confidence) / 2)


def _resampled_means(array: Floats, resamples: int, seed: int) -> Floats:
    """Return the mean of each resample, drawn in chunks: all indices at once would take 160 MB for 5,000 items."""
    generator = np.random.default_rng(seed)
    n = len(array)
    rows = max(1, CHUNK // n)
    means = np.empty(resamples)
    for start in range(0, resamples, rows):
        stop = min(resamples, start + rows)
        drawn = generator.integers(0, n, size=(stop - start, n), dtype=np.int32)
        means[start:stop] = array.take(drawn).mean(axis=1)
    return means


def _bias(means: Floats, mean: float) -> float | None:
    """Return the median bias of the resamples, as a normal quantile; those at the mean count half."""
    distances = means - mean
    nothing = ROUNDING * np.abs(means).max()
    share = float(((distances < -nothing).sum() + (distances <= nothing).sum()) / 2 / len(means))
    return normal_quantile(share) if 0 < share < 1 else None


def _acceleration(array: Floats) -> float:
    """Return the acceleration of the mean: the skewness of its jackknife, in closed form."""
    distances = array - array.mean()
    return float(np.power(distances, 3).sum() / (6 * np.power(np.square(distances).sum(), 1.5)))


def _corrected(bias: float, acceleration: float, point: float) -> float:
    shifted = bias + point
    return normal_probability(bias + shifted / (1 - acceleration * shifted))
