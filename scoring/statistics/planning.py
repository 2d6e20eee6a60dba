"""Planning: how many items a difference takes, and which difference a number of items can show."""

import math
from dataclasses import dataclass

from scoring.statistics.quantiles import normal_quantile


@dataclass(frozen=True, slots=True)
class Noise:
    """What makes the differences of two candidates vary from item to item."""

    between: float
    """Variance of the true differences of the items."""
    first_within: float = 0.0
    """The first candidate's mean variance over the trials of one item."""
    second_within: float = 0.0
    """The second candidate's."""
    first_trials: int = 1
    second_trials: int = 1

    @property
    def variance(self) -> float:
        """Variance of one item's observed difference."""
        return self.between + self.first_within / self.first_trials + self.second_within / self.second_trials


def items_needed(difference: float, noise: Noise, *, alpha: float = 0.05, power: float = 0.8) -> int:
    """Return how many items show a difference of this size with this power, in a two-sided test.

    Raises ValueError for a difference of 0.

    **Source**: n = (z_{a/2} + z_b)^2 (w^2 + sA^2 / KA + sB^2 / KB) / delta^2; Miller (2024), "Adding Error Bars to
    Evals", section 5.
    """
    if not difference:
        raise ValueError("No number of items shows a difference of 0.")
    return max(1, math.ceil(_reach(alpha, power) ** 2 * noise.variance / difference**2))


def detectable_difference(n: int, noise: Noise, *, alpha: float = 0.05, power: float = 0.8) -> float | None:
    """Return the smallest difference that n items show with this power; None without items.

    **Source**: the formula of `items_needed`, solved for delta.
    """
    return _reach(alpha, power) * math.sqrt(noise.variance / n) if n > 0 else None


def _reach(alpha: float, power: float) -> float:
    return normal_quantile(1 - alpha / 2) + normal_quantile(power)
