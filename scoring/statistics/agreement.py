"""Agreement of raters: two of them (Cohen), any number with gaps (Krippendorff)."""

from collections.abc import Sequence
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.statistics.standard_errors import Floats, floats


class Level(Enum):
    """What the numbers of a scale mean, which decides how far apart two ratings are."""

    NOMINAL = "nominal"  # names: equal or not
    ORDINAL = "ordinal"  # ranks: the ratings between them count
    INTERVAL = "interval"  # distances: the difference counts
    RATIO = "ratio"  # distances from a true zero: the difference relative to the sum counts


class Weighting(Enum):
    """How much two raters' disagreement on an ordered scale counts."""

    NONE = 0  # every disagreement the same
    LINEAR = 1  # by the number of steps
    QUADRATIC = 2  # by its square


def raw_agreement(table: ArrayLike) -> float | None:
    """Return the share of items that two raters rated alike; rows the first rater's categories. None: no items."""
    counts = _square(table)
    total = counts.sum()
    return float(np.trace(counts) / total) if total else None


def cohens_kappa(table: ArrayLike, weighting: Weighting = Weighting.NONE) -> float | None:
    """Return two raters' agreement beyond chance, 1 at most; rows are the first rater's categories, in order.

    None: no items, or both put all of them into one category. Raises ValueError for a table that is not square.

    **Source**: Cohen (1960), "A coefficient of agreement for nominal scales"; Cohen (1968) for weights.
    """
    counts = _square(table)
    total = counts.sum()
    if not total:
        return None
    steps = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts))))
    weights = (steps > 0).astype(np.float64) if weighting is Weighting.NONE else steps.astype(float) ** weighting.value
    expected = float((weights * np.outer(counts.sum(axis=1), counts.sum(axis=0))).sum() / total)
    return 1.0 - float((weights * counts).sum()) / expected if expected else None


def krippendorffs_alpha(ratings: Sequence[Sequence[float | None]], level: Level) -> float | None:
    """Return the raters' agreement beyond chance, 1 at most; one row a rater, one column an item, None a gap.

    Items with fewer than two ratings are dropped. None: no item is left, or all ratings are alike. Raises ValueError
    for rows of different lengths, and for negative ratings at the ratio level.

    **Source**: Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability".
    """
    units = [[rating for rating in unit if rating is not None] for unit in zip(*ratings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        return None
    values = np.unique(floats([rating for unit in units for rating in unit]))
    coincidences = _coincidences(units, values)
    marginals = coincidences.sum(axis=0)
    distances = _distances(values, marginals, level)
    expected = float((np.outer(marginals, marginals) * distances).sum() / (marginals.sum() - 1))
    return 1.0 - float((coincidences * distances).sum()) / expected if expected else None


def _square(table: ArrayLike) -> Floats:
    counts = floats(table)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError("Two raters' counts are a square table of numbers of at least 0.")
    return counts


def _coincidences(units: Sequence[Sequence[float]], values: Floats) -> Floats:
    """Return how often each two values meet in one item; an item counts as often as it has ratings."""
    matrix = np.zeros((len(values), len(values)))
    for unit in units:
        counts = np.bincount(np.searchsorted(values, unit), minlength=len(values)).astype(np.float64)
        matrix += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    return matrix


def _distances(values: Floats, marginals: Floats, level: Level) -> NDArray[np.float64]:
    """Return the squared distance of each two values at this level of measurement."""
    if level is Level.NOMINAL:
        return 1.0 - np.eye(len(values))
    if level is Level.ORDINAL:
        middles = np.cumsum(marginals) - marginals / 2
        return np.asarray(np.subtract.outer(middles, middles) ** 2)
    differences = np.subtract.outer(values, values)
    if level is Level.INTERVAL:
        return np.asarray(differences**2)
    if (values < 0).any():
        raise ValueError("Ratings at the ratio level are of at least 0.")
    sums = np.add.outer(values, values)
    return np.asarray((differences / np.where(sums > 0, sums, 1.0)) ** 2)
