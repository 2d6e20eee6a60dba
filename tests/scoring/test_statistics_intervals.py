"""Intervals of one mean or rate: published values, scipy as oracle, the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.statistics import (
    Interval,
    bootstrap_interval,
    clustered_interval,
    clustered_standard_error,
    design_effect,
    mean_interval,
    score_interval,
    standard_error,
    t_interval,
    t_interval_of_variance,
    wilson_interval,
)

SCORES, CLUSTERS = [1, 1, 0, 0, 1, 0, 1, 1], "aabbccdd"
GRADES = st.lists(st.integers(0, 20).map(lambda twentieths: twentieths / 20), min_size=2, max_size=60)


def graded(n: int) -> list[float]:
    """Return n scores between 0 and 1, skewed, the same ones each time."""
    return list(np.random.default_rng(3).beta(3, 1, n))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        pytest.param(81, 263, 0.2553, 0.3662, id="newcombe-1998"),
        pytest.param(0, 20, 0.0, 0.1611, id="newcombe-1998-none"),
        pytest.param(20, 20, 0.8389, 1.0, id="all"),
        pytest.param(286, 1319, 0.1954, 0.2399, id="gsm8k-6b-finetuning"),
    ],
)
def test_wilson_of_published_counts_gives_published_ends(successes: int, n: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, n)

    assert interval == Interval(pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 2000), st.data())
def test_wilson_of_any_counts_agrees_with_scipy_and_holds_the_rate(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))

    interval = wilson_interval(successes, n)

    oracle = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert interval == Interval(pytest.approx(oracle.low, abs=1e-9), pytest.approx(oracle.high, abs=1e-9))
    assert 0 <= interval.low <= successes / n <= interval.high <= 1


def test_wilson_without_items_is_not_estimable() -> None:
    assert wilson_interval(0, 0) is None


def test_wilson_of_more_successes_than_items_is_refused() -> None:
    with pytest.raises(ValueError, match="5 successes in 4 items"):
        wilson_interval(5, 4)


def test_standard_error_of_published_scores_gives_published_value() -> None:
    assert standard_error(SCORES) == pytest.approx(0.182981, abs=5e-7)


def test_clustered_standard_error_of_published_scores_gives_published_value() -> None:
    assert clustered_standard_error(SCORES, CLUSTERS) == pytest.approx(0.239357, abs=5e-7)


def test_clustered_standard_error_of_singletons_equals_the_naive_one() -> None:
    assert clustered_standard_error(SCORES, range(8)) == pytest.approx(standard_error(SCORES))


def test_clustered_standard_error_of_one_cluster_is_not_estimable() -> None:
    assert clustered_standard_error(SCORES, "a" * 8) is None


def test_clustered_standard_error_of_too_few_clusters_named_is_refused() -> None:
    with pytest.raises(ValueError, match="8 values have 2 clusters"):
        clustered_standard_error(SCORES, "ab")


def test_design_effect_is_the_ratio_of_the_variances() -> None:
    assert design_effect(SCORES, CLUSTERS) == pytest.approx((0.239357 / 0.182981) ** 2, rel=1e-5)


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.5]])
def test_design_effect_without_spread_is_not_estimable(values: list[float]) -> None:
    assert design_effect(values, range(len(values))) is None


@pytest.mark.parametrize("values", [[], [1.0]])
def test_standard_error_below_two_values_is_not_estimable(values: list[float]) -> None:
    assert standard_error(values) is None


@given(GRADES.filter(lambda values: np.ptp(values) > 0))
def test_t_interval_of_any_values_agrees_with_scipy(values: list[float]) -> None:
    mean, variance = float(np.mean(values)), float(np.var(values, ddof=1))

    interval = t_interval_of_variance(mean, variance, len(values))

    low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=stats.sem(values))
    assert interval == Interval(pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


@pytest.mark.parametrize(
    ("error", "n"),
    [pytest.param(0.1, 0, id="none"), pytest.param(0.1, 1, id="one"), pytest.param(0.0, 50, id="no-spread")],
)
def test_t_interval_of_nothing_to_estimate_from_is_none(error: float, n: int) -> None:
    assert t_interval(0.5, error, n) is None


@pytest.mark.parametrize("n", [0, 1])
def test_t_interval_of_variance_below_two_items_is_none(n: int) -> None:
    assert t_interval_of_variance(0.5, 0.0, n) is None


@pytest.mark.parametrize("n", [12, 60, 180])
def test_bootstrap_of_skewed_values_agrees_with_scipy(n: int) -> None:
    values = graded(n)

    interval = bootstrap_interval(values)

    oracle = stats.bootstrap((values,), np.mean, n_resamples=20_000, rng=np.random.default_rng(1))
    close = 0.15 * float(np.std(values)) / n**0.5  # resampling noise of a quantile at 4,000 resamples
    assert interval.low == pytest.approx(oracle.confidence_interval.low, abs=close)
    assert interval.high == pytest.approx(oracle.confidence_interval.high, abs=close)


def test_bootstrap_of_more_values_than_a_chunk_holds_agrees_with_t() -> None:
    values = graded(5000)

    interval = bootstrap_interval(values, resamples=2000)

    t = t_interval(float(np.mean(values)), standard_error(values), len(values))
    assert interval.low == pytest.approx(t.low, abs=5e-4)
    assert interval.high == pytest.approx(t.high, abs=5e-4)


@given(GRADES)
def test_bootstrap_of_any_values_stays_within_them_and_repeats_itself(values: list[float]) -> None:
    interval = bootstrap_interval(values, resamples=2000)

    assert interval == bootstrap_interval(values, resamples=2000)
    assert interval is None or min(values) - 1e-12 <= interval.low <= interval.high <= max(values) + 1e-12
    assert (interval is None) == (np.ptp(values) == 0)


@pytest.mark.parametrize("values", [[], [0.7], [0.1 + 0.2, 0.3, 0.3]])
def test_bootstrap_without_spread_is_not_estimable(values: list[float]) -> None:
    assert bootstrap_interval(values) is None


def test_bootstrap_whose_bias_is_unknown_is_not_estimable() -> None:
    assert bootstrap_interval([0.1, 0.2, 0.9], resamples=1) is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_score_interval_of_a_value_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        score_interval([0.5, bad, 1.0])


def test_score_interval_of_zeros_and_ones_is_wilson() -> None:
    values = [1.0] * 81 + [0.0] * 182

    assert score_interval(values) == wilson_interval(81, 263)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_score_interval_of_equal_zeros_or_ones_is_wilson(value: float) -> None:
    assert score_interval([value] * 20) == wilson_interval(int(20 * value), 20)


def test_score_interval_of_ones_up_to_rounding_is_wilson() -> None:
    value = 3 / 4.7 + 1 / 4.7 + 0.7 / 4.7

    assert value != 1
    assert score_interval([value, 0.0, value]) == wilson_interval(2, 3)


def test_score_interval_of_few_graded_values_is_the_bootstrap() -> None:
    values = np.round(graded(199), 3)

    assert score_interval(values) == bootstrap_interval(values)


def test_score_interval_of_many_graded_values_is_t() -> None:
    values = graded(200)

    interval = score_interval(values)

    low, high = stats.t.interval(0.95, 199, loc=np.mean(values), scale=stats.sem(values))
    assert interval == Interval(pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("values", [[], [1.0], [0.4], [0.5] * 30, [0.5] * 300])
def test_score_interval_of_nothing_to_estimate_from_is_none(values: list[float]) -> None:
    assert score_interval(values) is None


@pytest.mark.parametrize("values", [[], [0.5]])
def test_mean_interval_below_two_items_is_none(values: list[float]) -> None:
    assert mean_interval(values) is None


def test_clustered_interval_counts_clusters_and_not_values() -> None:
    interval = clustered_interval(SCORES, CLUSTERS)

    half_width = stats.t.ppf(0.975, 3) * 0.2393567769
    assert interval == Interval(pytest.approx(0.625 - half_width), pytest.approx(0.625 + half_width))


@pytest.mark.parametrize(
    ("values", "clusters"),
    [
        pytest.param([], "", id="none"),
        pytest.param([1, 0, 1], "aaa", id="one-cluster"),
        pytest.param([1, 0, 1, 0], "aabb", id="clusters-alike"),
    ],
)
def test_clustered_interval_of_nothing_to_estimate_from_is_none(values: list[float], clusters: str) -> None:
    assert clustered_interval(values, clusters) is None


@pytest.mark.parametrize(("decimals", "low", "high"), [(2, 0.25, 0.37), (1, 0.2, 0.4), (4, 0.2552, 0.3663)])
def test_interval_outward_never_becomes_narrower(decimals: int, low: float, high: float) -> None:
    assert Interval(0.25529, 0.36621).outward(decimals) == Interval(low, high)


def test_interval_outward_leaves_ends_that_are_round() -> None:
    assert Interval(0.29, 0.57).outward(2) == Interval(0.29, 0.57)


def test_interval_clipped_stays_within_the_range() -> None:
    assert Interval(-0.1, 1.2).clipped(0.0, 1.0) == Interval(0.0, 1.0)
