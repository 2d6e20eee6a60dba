"""The weighted score: per item first, then over items; what covers fewer items enters on its own."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.boards.item_values import ItemValues, Scale
from scoring.boards.weighting import Weighted, covariance_of, reweighted, weighted_score
from scoring.statistics import score_interval, t_interval, wilson_interval

UNIT = Scale(0.0, 1.0)
SHARES = st.floats(0, 1)
WEIGHTS = st.floats(0.1, 10)


def scorer(values: list[float], weight: float = 1.0, scale: Scale = UNIT) -> Weighted:
    """Return a scorer that gave these values to the first items."""
    return Weighted(weight, scale, ItemValues(np.arange(len(values)), np.array(values, dtype=np.float64)))


def test_single_right_or_wrong_scorer_has_wilsons_interval() -> None:
    score = weighted_score({"correct": scorer([1.0] * 7 + [0.0] * 3)}, 10)

    wilson = wilson_interval(7, 10)
    assert wilson is not None
    assert (score.value, score.n, score.partial) == (0.7, 10, {})
    assert (score.low, score.high) == (pytest.approx(wilson.low), pytest.approx(wilson.high))


def test_score_is_the_mean_of_weighted_means_per_item() -> None:
    scorers = {"a": scorer([1.0, 0.0, 1.0], weight=3), "b": scorer([5.0, 1.0, 1.0], weight=1, scale=Scale(1, 5))}

    score = weighted_score(scorers, 3)

    per_item = [1.0, 0.0, 0.75]
    interval = score_interval(per_item)
    assert interval is not None
    assert score.value == pytest.approx(sum(per_item) / 3)
    assert (score.low, score.high) == (pytest.approx(max(0, interval.low)), pytest.approx(min(1, interval.high)))


def test_score_without_values_is_none() -> None:
    score = weighted_score({"a": scorer([])}, 5)

    assert (score.value, score.low, score.high, score.n) == (None, None, None, 0)


def test_score_leaves_weight_zero_out() -> None:
    scorers = {"a": scorer([1.0, 1.0]), "shown": scorer([0.0, 0.0], weight=0)}

    assert weighted_score(scorers, 2).value == 1.0


def test_score_of_one_item_has_no_t_interval() -> None:
    score = weighted_score({"a": scorer([0.4])}, 1)

    assert (score.value, score.low, score.high, score.n) == (0.4, None, None, 1)


def test_partial_scorer_enters_with_its_own_mean_and_variance() -> None:
    exact, helpful = [1.0, 0.0, 1.0, 1.0], [0.5, 1.0]

    score = weighted_score({"exact": scorer(exact, weight=3), "helpful": scorer(helpful)}, 4)

    value = 0.75 * 0.75 + 0.25 * 0.75
    variance = 0.75**2 * np.var(exact, ddof=1) / 4 + 0.25**2 * np.var(helpful, ddof=1) / 2
    interval = t_interval(value, math.sqrt(variance), 2)
    assert interval is not None
    assert (score.value, score.partial, score.n) == (pytest.approx(value), {"helpful": [2, 4]}, 4)
    assert (score.low, score.high) == (pytest.approx(max(0, interval.low)), pytest.approx(min(1, interval.high)))


def test_partial_scorer_with_one_value_leaves_the_interval_unknown() -> None:
    score = weighted_score({"exact": scorer([1.0, 0.0]), "helpful": scorer([1.0])}, 2)

    assert (score.value, score.low, score.high) == (0.75, None, None)


def test_partial_scorer_alone_counts_its_own_items() -> None:
    score = weighted_score({"helpful": scorer([1.0, 0.5, 0.0])}, 10)

    assert (score.value, score.n, score.partial) == (0.5, 3, {"helpful": [3, 10]})


@given(st.lists(SHARES, min_size=2, max_size=20), WEIGHTS)
def test_score_stays_between_0_and_1_with_its_interval_around_it(values: list[float], weight: float) -> None:
    assume(len(set(values)) > 1)

    score = weighted_score({"a": scorer(values, weight)}, len(values))

    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    assert -1e-9 <= score.low <= score.value + 1e-9
    assert score.value - 1e-9 <= score.high <= 1 + 1e-9


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=20), WEIGHTS, WEIGHTS)
def test_reweighted_equals_the_direct_computation(pairs: list[tuple[float, float]], one: float, other: float) -> None:
    a, b = scorer([pair[0] for pair in pairs]), scorer([pair[1] for pair in pairs])
    total = one + other
    per_item = np.array([(one * x + other * y) / total for x, y in pairs])
    assume(np.var(per_item) > 1e-6)

    value, low, high = reweighted(covariance_of({"a": a, "b": b}), {"a": one, "b": other})

    direct = t_interval(float(per_item.mean()), float(per_item.std(ddof=1)) / math.sqrt(len(pairs)), len(pairs))
    assert direct is not None
    assert value == pytest.approx(per_item.mean())
    assert (low, high) == (pytest.approx(max(0, direct.low), abs=1e-6), pytest.approx(min(1, direct.high), abs=1e-6))


def test_covariance_rests_on_items_that_all_scorers_cover() -> None:
    found = covariance_of({"a": scorer([1.0, 0.0, 1.0]), "b": scorer([1.0, 0.0])})

    assert (found["scorers"], found["n"], found["means"]) == (["a", "b"], 2, [0.5, 0.5])
    assert found["matrix"] == [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize("scorers", [{}, {"a": scorer([]), "b": scorer([1.0])}])
def test_covariance_of_nothing_in_common_is_empty(scorers: dict[str, Weighted]) -> None:
    assert covariance_of(scorers) == {}


def test_reweighted_over_one_item_has_no_interval() -> None:
    found = covariance_of({"a": scorer([1.0]), "b": scorer([0.5])})

    assert reweighted(found, {"a": 1, "b": 3}) == (0.625, None, None)


@pytest.mark.parametrize("weights", [{}, {"helpful": 2.0}, {"a": 0.0}])
def test_reweighted_without_a_weight_says_nothing(weights: dict[str, float]) -> None:
    assert reweighted(covariance_of({"a": scorer([1.0, 0.0])}), weights) == (None, None, None)
