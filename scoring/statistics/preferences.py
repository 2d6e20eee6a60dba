"""Pairwise preferences: strengths from who won against whom."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.statistics.standard_errors import Floats, floats

STEPS = 200
LONGEST_STEP = 2.0


def bradley_terry(wins: ArrayLike) -> list[float] | None:
    """Return each candidate's strength, the weakest at 0: i beats j with the chance e^bi / (e^bi + e^bj).

    `wins[i][j]` counts how often i beat j; a tie is half a win for both. None: fewer than two candidates, or the
    likelihood has no maximum, since some of them never won against the others. Raises ValueError for a table that is
    not square or counts below 0.

    **Source**: Bradley and Terry (1952); maximum likelihood, existence by Ford (1957).
    """
    counts = floats(wins)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise ValueError("Wins are a square table of numbers of at least 0.")
    counts = counts - np.diag(np.diag(counts))
    if len(counts) < 2 or not _is_connected(counts > 0):
        return None
    strengths = _most_likely(counts)
    return [float(strength) for strength in strengths - strengths.min()]


def _is_connected(beat: NDArray[np.bool_]) -> bool:
    """Return whether wins lead from everybody to everybody, through others if need be."""
    reached = beat | np.eye(len(beat), dtype=bool)
    for _ in range(len(beat).bit_length()):
        reached = (reached.astype(np.int64) @ reached.astype(np.int64)) > 0
    return bool(reached.all())


def _most_likely(counts: Floats) -> Floats:
    """Return the strengths by Newton's steps, the last one held at 0; the likelihood is concave."""
    games, won = counts + counts.T, counts.sum(axis=1)
    strengths = np.zeros(len(counts))
    for _ in range(STEPS):
        chances = 1 / (1 + np.exp(np.subtract.outer(strengths, strengths).T))
        slopes = won - (games * chances).sum(axis=1)
        spread = games * chances * (1 - chances)
        curvature = np.diag(spread.sum(axis=1)) - spread
        step = np.linalg.solve(curvature[:-1, :-1], slopes[:-1])
        step *= min(1.0, LONGEST_STEP / max(np.abs(step).max(), 1e-300))
        strengths[:-1] += step
        if np.abs(step).max() < 1e-12:
            break
    return strengths
