"""Quantiles of the normal and of Student's t distribution, accurate to 1e-10 at the levels that intervals use."""

import math
from functools import lru_cache
from statistics import NormalDist

STANDARD = NormalDist()
MANY = 1000
"""Degrees of freedom from which the series of `_by_series` is exact to more digits than a float's last four."""
FRACTION_TERMS = 200
"""Of the continued fraction of the beta function: enough for ten digits up to `MANY` degrees."""


def normal_quantile(probability: float) -> float:
    """Return the point below which a standard normal value falls with this probability, between 0 and 1."""
    return STANDARD.inv_cdf(probability)


def normal_probability(point: float) -> float:
    """Return the probability of a standard normal value below `point`."""
    return STANDARD.cdf(point)


@lru_cache(maxsize=4096)
def t_quantile(probability: float, degrees: float) -> float:
    """Return the point below which a t value with `degrees` degrees of freedom falls with this probability.

    Degrees may be broken, as Welch's are. Raises ValueError for a probability outside 0 to 1 or for less than one
    degree of freedom.
    """
    if degrees < 1:
        raise ValueError(f"Student's t needs at least one degree of freedom, not {degrees}.")
    if probability < 0.5:
        return -t_quantile(1.0 - probability, degrees)
    start = normal_quantile(probability)
    return _by_series(start, degrees) if degrees >= MANY else _by_newton(start, probability, degrees)


def _by_series(z: float, degrees: float) -> float:
    """Return the t quantile from the normal one. **Source**: Abramowitz and Stegun (1964), 26.7.5."""
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / math.pow(degrees, power) for power, term in enumerate(terms, start=1))


def _by_newton(start: float, probability: float, degrees: float) -> float:
    """Return the t quantile by Newton's steps.

    They come from below without overshooting: the normal quantile is smaller, and the distribution function is
    concave above 0.
    """
    point = start
    for _ in range(1000):
        step = (probability - _t_probability(point, degrees)) / _t_density(point, degrees)
        point += step
        if abs(step) <= 1e-12 * max(1.0, point):
            break
    return point


def _t_density(point: float, degrees: float) -> float:
    log_scale = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - 0.5 * math.log(degrees * math.pi)
    return math.exp(log_scale - (degrees + 1) / 2 * math.log1p(point * point / degrees))


def _t_probability(point: float, degrees: float) -> float:
    """Return the probability of a t value below `point`, which is not below 0."""
    return _by_sum(point, int(degrees)) if float(degrees).is_integer() else _by_fraction(point, degrees)


def _by_fraction(point: float, degrees: float) -> float:
    """Return it for any degrees. **Source**: Abramowitz and Stegun (1964), 26.7.1."""
    share = degrees / (degrees + point * point)
    if share < (degrees / 2 + 1) / (degrees / 2 + 2.5):
        return 1 - _beta_share(share, degrees / 2, 0.5) / 2
    return 0.5 + _beta_share(1 - share, 0.5, degrees / 2) / 2


def _beta_share(point: float, first: float, second: float) -> float:
    """Return the incomplete beta function ratio of a point in its lower part; 26.5.8 of the same source."""
    if point == 0:
        return 0.0
    fraction = 1.0
    for index in range(FRACTION_TERMS, 0, -1):
        half, end = index // 2, first + index
        if index % 2:
            term = -(first + half) * (first + second + half) * point / ((end - 1) * end)
        else:
            term = half * (second - half) * point / ((end - 1) * end)
        fraction = 1 + term / fraction
    log_scale = math.lgamma(first + second) - math.lgamma(first) - math.lgamma(second)
    return math.exp(log_scale + first * math.log(point) + second * math.log1p(-point)) / (first * fraction)


def _by_sum(point: float, degrees: int) -> float:
    """Return it for whole degrees. **Source**: Abramowitz and Stegun (1964), 26.7.3, 26.7.4."""
    angle = math.atan2(point, math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    term = sine * (cosine if degrees % 2 else 1.0)
    total = term if degrees > 1 else 0.0
    for index in range(3 if degrees % 2 else 2, degrees, 2):
        term *= (index - 1) / index * cosine * cosine
        total += term
    between = 2 / math.pi * (angle + total) if degrees % 2 else total
    return 0.5 + between / 2
