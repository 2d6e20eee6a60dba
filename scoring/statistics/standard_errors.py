"""Standard errors of a mean: of independent values, and of values that come in clusters."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-12
"""Spread that is smaller than this share of the values is what floating point leaves of equal values."""


def floats(values: ArrayLike) -> Floats:
    """Return the values as an array. Raises ValueError where one is no finite number."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("Statistics are of finite numbers: leave out what could not be judged.")
    return array


def has_spread(values: Floats) -> bool:
    """Return whether the values differ by more than rounding."""
    return bool(np.ptp(values) > ROUNDING * np.abs(values).max()) if len(values) else False


def are_right_or_wrong(*samples: Floats) -> bool:
    """Return whether every value of the samples is 0 or 1."""
    return all(bool(np.isin(values, (0.0, 1.0)).all()) for values in samples)


def standard_error(values: ArrayLike) -> float | None:
    """Return the standard error of the mean of independent values; None below two values.

    **Source**: sqrt(sum (s_i - m)^2 / (n - 1) / n).
    """
    array = floats(values)
    if len(array) < 2:
        return None
    return float(np.std(array, ddof=1) / np.sqrt(len(array)))


def clustered_standard_error(values: ArrayLike, clusters: Sequence[Hashable]) -> float | None:
    """Return the standard error of the mean of values of which those of one cluster go together.

    `clusters` names each value's cluster, in the same order. None: fewer than two clusters. Raises ValueError for
    lengths that differ.

    **Source**: sqrt(G / (G - 1) * sum D_c^2) / n, D_c the sum of a cluster's distances from the mean; Miller (2024),
    "Adding Error Bars to Evals", section 2.2, with the correction for few clusters.
    """
    array = floats(values)
    if len(array) != len(clusters):
        raise ValueError(f"{len(array)} values have {len(clusters)} clusters: one for each is needed.")
    numbers = {name: number for number, name in enumerate(dict.fromkeys(clusters))}
    count = len(numbers)
    if count < 2:
        return None
    membership = np.fromiter((numbers[name] for name in clusters), dtype=np.int64, count=len(array))
    sums = np.bincount(membership, weights=array - array.mean(), minlength=count)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum()) / len(array))


def design_effect(values: ArrayLike, clusters: Sequence[Hashable]) -> float | None:
    """Return how many times the clusters enlarge the variance of the mean; None where it is not estimable."""
    naive, clustered = standard_error(values), clustered_standard_error(values, clusters)
    if not naive or clustered is None:
        return None
    return (clustered / naive) ** 2
