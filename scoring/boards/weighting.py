"""The weighted score of a run and its interval, from item values. Pure arithmetic (docs/concepts.md)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring.boards.item_values import Floats, Ints, ItemValues, Scale, at, common_positions, mean_and_variance
from scoring.statistics import Interval, score_interval, t_interval


@dataclass(frozen=True, slots=True)
class Weighted:
    """One scorer of a run: its weight, its scale and its item values."""

    weight: float
    scale: Scale
    values: ItemValues
    asked: int | None = None
    """Items with output that it is asked about; None: all of them."""

    def normalised(self) -> Floats:
        """The item values between 0 and 1."""
        return self.scale.normalise(self.values.means)


@dataclass(frozen=True, slots=True)
class WeightedScore:
    """A run's weighted score, 0 to 1."""

    value: float | None
    """None: no weighted scorer has a value."""
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Items that the score rests on."""
    partial: dict[str, list[int]] = field(default_factory=dict)
    """Scorers that do not cover all items that they are asked about: [items covered, items]."""


def weighted_score(scorers: Mapping[str, Weighted], items: int) -> WeightedScore:
    """Return the weighted score over `items` items with output.

    Per item the weighted mean of the normalised values of the scorers that cover all items, then the mean over
    items. A scorer that covers fewer enters with its own mean and variance, as if independent of the others.
    """
    used = {name: scorer for name, scorer in scorers.items() if scorer.weight > 0 and scorer.values.n}
    if not used:
        return WeightedScore(None)
    full = {name: scorer for name, scorer in used.items() if scorer.values.n >= items}
    partial = {name: scorer for name, scorer in used.items() if name not in full}
    coverage = {name: gap for name, scorer in partial.items() if (gap := _gap(scorer, items))}
    is_alone = len(used) == 1
    per_item = _means(used if is_alone else full).means
    n = len(per_item) or max(scorer.values.n for scorer in partial.values())
    if is_alone or not partial:
        low, high = _clipped(score_interval(per_item.tolist()))
        return WeightedScore(float(np.mean(per_item)), low, high, n, coverage)
    parts = [_Part.of(sum(scorer.weight for scorer in full.values()), per_item)] if full else []
    parts += [_Part.of(scorer.weight, scorer.normalised()) for scorer in partial.values()]
    value, low, high = _combined(parts)
    return WeightedScore(value, low, high, n, coverage)


def _gap(scorer: Weighted, items: int) -> list[int] | None:
    """Return [items covered, items asked about]; None: it covers all of them."""
    asked = items if scorer.asked is None else scorer.asked
    return [scorer.values.n, asked] if scorer.values.n < asked else None


def item_scores(scorers: Mapping[str, Weighted]) -> ItemValues:
    """Return the weighted score of each item that every weighted scorer has a value for."""
    return _means({name: scorer for name, scorer in scorers.items() if scorer.weight > 0 and scorer.values.n})


def _means(full: Mapping[str, Weighted]) -> ItemValues:
    """Return the weighted mean of the normalised values, over the items that all of them cover."""
    total = sum(scorer.weight for scorer in full.values())
    positions: Ints = common_positions({name: scorer.values for name, scorer in full.items()})
    means = np.zeros(len(positions))
    for scorer in full.values():
        means += scorer.weight / total * scorer.scale.normalise(at(scorer.values, positions))
    return ItemValues(positions, means)


@dataclass(frozen=True, slots=True)
class _Part:
    """A mean that enters with a weight, and the variance of that mean."""

    weight: float
    mean: float
    variance_of_mean: float | None
    n: int

    @classmethod
    def of(cls, weight: float, values: Floats) -> "_Part":
        mean, variance = mean_and_variance(values)
        return cls(weight, mean or 0.0, None if variance is None else variance / len(values), len(values))


def _combined(parts: Sequence[_Part]) -> tuple[float, float | None, float | None]:
    total = sum(part.weight for part in parts)
    value = sum(part.weight * part.mean for part in parts) / total
    variances = [part.variance_of_mean for part in parts]
    if any(variance is None for variance in variances):
        return value, None, None
    variance = sum((part.weight / total) ** 2 * (part.variance_of_mean or 0.0) for part in parts)
    interval = t_interval(value, math.sqrt(variance), min(part.n for part in parts))
    return value, *_clipped(interval)


def _clipped(interval: Interval | None) -> tuple[float | None, float | None]:
    return (max(0.0, interval.low), min(1.0, interval.high)) if interval else (None, None)


def covariance_of(scorers: Mapping[str, Weighted]) -> dict[str, Any]:
    """Return names, n, means and covariance matrix of the normalised values over the items that all cover.

    With it any weights can be tried without reading a score.
    """
    positions = common_positions({name: scorer.values for name, scorer in scorers.items()})
    if not scorers or not len(positions):
        return {}
    rows = np.array([scorer.scale.normalise(at(scorer.values, positions)) for scorer in scorers.values()])
    matrix = np.atleast_2d(np.cov(rows)) if len(positions) > 1 else np.zeros((len(scorers), len(scorers)))
    return {
        "scorers": list(scorers),
        "n": len(positions),
        "means": rows.mean(axis=1).tolist(),
        "matrix": matrix.tolist(),
    }


def reweighted(
    covariance: Mapping[str, Any], weights: Mapping[str, float]
) -> tuple[float | None, float | None, float | None]:
    """Return (value, low, high) under other weights, from what `covariance_of` gave: the t interval over items.

    All None where the weights name none of its scorers.
    """
    names: list[str] = covariance["scorers"]
    raw = np.array([weights.get(name, 0.0) for name in names])
    if not raw.sum() > 0:
        return None, None, None
    shares = raw / raw.sum()
    value = float(shares @ np.array(covariance["means"]))
    variance = float(shares @ np.array(covariance["matrix"]) @ shares)
    interval = t_interval(value, math.sqrt(max(0.0, variance) / covariance["n"]), covariance["n"])
    return value, *_clipped(interval)
