"""Repeated trials of one item: success in any of k, in all of k, and how much its result varies."""

from math import comb


def pass_at_k(trials: int, passed: int, k: int) -> float | None:
    """Return the chance that at least one of k trials of an item passes; None: fewer than k trials were made.

    Raises ValueError for counts that cannot be.

    **Source**: 1 - C(n - c, k) / C(n, k), unbiased; Chen et al. (2021), "Evaluating Large Language Models Trained on
    Code", section 2.1.
    """
    _check(trials, passed, k)
    return None if trials < k else 1.0 - comb(trials - passed, k) / comb(trials, k)


def pass_every_k(trials: int, passed: int, k: int) -> float | None:
    """Return the chance that all of k trials of an item pass (pass^k); None: fewer than k trials were made.

    Raises ValueError for counts that cannot be.

    **Source**: C(c, k) / C(n, k); Yao et al. (2024), "tau-bench", section 4.
    """
    _check(trials, passed, k)
    return None if trials < k else comb(passed, k) / comb(trials, k)


def flakiness(trials: int, passed: int) -> float | None:
    """Return how much an item's result varies over its trials, 0 (never) to 1 (as often right as wrong).

    None: fewer than two trials.

    **Source**: 1 - |2p - 1|.
    """
    _check(trials, passed, 1)
    return None if trials < 2 else 1.0 - abs(2 * passed / trials - 1)


def _check(trials: int, passed: int, k: int) -> None:
    if not 0 <= passed <= trials or k < 1:
        raise ValueError(f"{passed} of {trials} trials passed, of {k} at a time: these counts cannot be.")
