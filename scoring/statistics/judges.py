"""A judge that errs, checked against people: what the rate it reports says of the true one."""

import math
from dataclasses import dataclass

from scoring.statistics.intervals import CONFIDENCE, Interval
from scoring.statistics.quantiles import normal_quantile

WORTHLESS = 1.1
"""Sensitivity + specificity up to which a judge is hardly better than a coin: nothing is corrected by it."""


@dataclass(frozen=True, slots=True)
class JudgeCheck:
    """How a judge did on items that people labelled. Rates lie between 0 and 1."""

    sensitivity: float
    """Share of the items that are right which the judge passed."""
    positives: int
    """Items that are right by the people's labels."""
    specificity: float
    """Share of the items that are wrong which the judge failed."""
    negatives: int
    """Items that are wrong by the people's labels."""


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """A rate with the judge's errors taken out."""

    value: float
    standard_error: float
    interval: Interval
    """Normal, cut to 0 and 1."""


def corrected_rate(rate: float, n: int, check: JudgeCheck, confidence: float = CONFIDENCE) -> CorrectedRate | None:
    """Return the true rate behind the share `rate` of n items that a judge passed, cut to 0 and 1.

    None: no items, no labels of one of the two kinds, or a judge hardly better than chance.

    **Source**: Rogan and Gladen (1978), "Estimating prevalence from the results of a screening test".
    """
    q1, q0 = check.sensitivity, check.specificity
    gain = q0 + q1 - 1
    if min(n, check.positives, check.negatives) < 1 or q0 + q1 <= WORTHLESS:
        return None
    theta = (rate + q0 - 1) / gain
    variance = (
        rate * (1 - rate) / n
        + theta**2 * q1 * (1 - q1) / check.positives
        + (1 - theta) ** 2 * q0 * (1 - q0) / check.negatives
    ) / gain**2
    error = math.sqrt(variance)
    interval = Interval.around(theta, normal_quantile((1 + confidence) / 2) * error)
    return CorrectedRate(min(1.0, max(0.0, theta)), error, interval.clipped(0.0, 1.0))
