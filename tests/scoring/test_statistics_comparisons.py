"""Two candidates on the same items, many comparisons, repeated trials, planning."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.statistics import (
    Noise,
    detectable_difference,
    flakiness,
    holm,
    items_needed,
    mcnemar,
    mcnemar_p_value,
    paired_difference,
    pass_at_k,
    pass_every_k,
)

FIRST = [1, 1, 1, 0, 1, 1, 0, 1, 1, 1]
SECOND = [1, 0, 1, 0, 0, 1, 0, 1, 0, 1]


def test_paired_difference_of_published_scores_gives_published_value() -> None:
    difference = paired_difference(FIRST, SECOND)

    assert difference.value == pytest.approx(0.30)
    assert difference.standard_error == pytest.approx(0.152753, abs=5e-7)
    assert (difference.n, difference.missing) == (10, 0)


@pytest.mark.parametrize(
    ("first", "second", "direction"),
    [
        pytest.param([1, 1, 0.9, 1], [0, 0.1, 0, 0], "better", id="interval-above-zero"),
        pytest.param([0, 0.1, 0, 0], [1, 1, 0.9, 1], "worse", id="interval-below-zero"),
        pytest.param([1, 0, 1], [0, 1, 0], "inconclusive", id="interval-around-zero"),
        pytest.param([1] * 10, [0] * 10, "better", id="ahead-by-the-same-on-ten"),
        pytest.param([0.2] * 10, [0.4] * 10, "worse", id="behind-by-the-same-on-ten"),
        pytest.param([1] * 9, [0] * 9, "inconclusive", id="ahead-by-the-same-on-nine"),
        pytest.param([1] * 10, [1] * 10, "inconclusive", id="equal"),
        pytest.param([0.1 + 0.2] * 10, [0.3] * 10, "inconclusive", id="equal-but-for-rounding"),
        pytest.param([1], [0], "inconclusive", id="one-pair"),
        pytest.param([], [], "inconclusive", id="no-pair"),
    ],
)
def test_direction_of_a_difference_excludes_zero(first: list[float], second: list[float], direction: str) -> None:
    assert paired_difference(first, second).direction == direction


@pytest.mark.parametrize(("first", "is_alike"), [([1, 1], True), ([1, 0], False), ([1], False)])
def test_differences_are_alike_where_no_interval_can_be_estimated(first: list[float], *, is_alike: bool) -> None:
    assert paired_difference(first, [0.0] * len(first)).is_alike is is_alike


@pytest.mark.parametrize(
    ("only_first", "only_second"),
    [(251, 250), (280, 221), (3000, 3200), (15_000, 15_400), (50_000, 50_000), (0, 600), (40_000, 20_000)],
)
def test_mcnemar_of_many_disagreements_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    oracle = stats.binomtest(only_first, only_first + only_second, 0.5).pvalue

    assert mcnemar_p_value(only_first, only_second) == pytest.approx(oracle, rel=1e-8, abs=1e-300)


def test_paired_difference_has_the_t_interval_of_the_differences() -> None:
    interval = paired_difference(FIRST, SECOND).interval

    oracle = stats.ttest_rel(FIRST, SECOND).confidence_interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_paired_difference_of_gaps_counts_them_as_missing() -> None:
    difference = paired_difference([1.0, None, 0.5, 0.0], [0.0, 1.0, None, 0.0])

    assert (difference.value, difference.n, difference.missing) == (0.5, 2, 2)


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        pytest.param([], [], None, id="none"),
        pytest.param([None], [1.0], None, id="no-pair"),
        pytest.param([1.0], [0.25], 0.75, id="one"),
        pytest.param([1.0, 0.5], [0.5, 0.0], 0.5, id="differences-alike"),
    ],
)
def test_paired_difference_of_nothing_to_estimate_from_has_no_interval(
    first: list[float | None], second: list[float | None], value: float | None
) -> None:
    difference = paired_difference(first, second)

    assert (difference.value, difference.interval) == (value, None)


def test_paired_difference_of_unequal_lengths_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_difference([1.0], [1.0, 0.0])


def test_mcnemar_of_published_scores_gives_published_p_value() -> None:
    found = mcnemar(FIRST, SECOND)

    assert (found.only_first, found.only_second, found.p_value) == (3, 0, 0.25)
    assert found.is_too_few


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_p_value_of_any_counts_agrees_with_the_binomial_test(one: int, other: int) -> None:
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0

    assert mcnemar_p_value(one, other) == pytest.approx(expected, rel=1e-9)
    assert mcnemar_p_value(one, other) == mcnemar_p_value(other, one)


def test_mcnemar_of_ten_disagreements_is_enough() -> None:
    assert not mcnemar([1] * 10, [0] * 10).is_too_few


def test_mcnemar_of_graded_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1"):
        mcnemar([0.5], [1])


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([0.04], [0.04], id="one"),
        pytest.param([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02], id="by-hand"),
        pytest.param([0.9, 0.6], [1.0, 1.0], id="never-above-1"),
    ],
)
def test_holm_corrects_in_the_order_given(p_values: list[float], corrected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(corrected)


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_of_any_values_never_lowers_and_keeps_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)

    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))
    assert sorted(corrected) == [after for _, after in sorted(zip(p_values, corrected, strict=True))]


@pytest.mark.parametrize(
    ("trials", "passed", "k", "expected"),
    [(5, 2, 2, 0.7), (10, 3, 5, 0.916667), (5, 0, 2, 0.0), (5, 4, 2, 1.0), (3, 1, 1, 1 / 3), (2, 1, 3, None)],
)
def test_pass_at_k_gives_published_values(trials: int, passed: int, k: int, expected: float | None) -> None:
    assert pass_at_k(trials, passed, k) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(("trials", "passed", "k", "expected"), [(5, 2, 2, 0.1), (5, 5, 5, 1.0), (2, 2, 3, None)])
def test_pass_every_k_gives_published_values(trials: int, passed: int, k: int, expected: float | None) -> None:
    assert pass_every_k(trials, passed, k) == pytest.approx(expected)


@given(st.integers(1, 40), st.data())
def test_pass_at_k_lies_between_every_k_and_one(trials: int, data: st.DataObject) -> None:
    passed, k = data.draw(st.integers(0, trials)), data.draw(st.integers(1, trials))

    at_least_one, every = pass_at_k(trials, passed, k), pass_every_k(trials, passed, k)

    assert 0 <= every <= passed / trials + 1e-12
    assert passed / trials - 1e-12 <= at_least_one <= 1


@pytest.mark.parametrize(("trials", "passed", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_pass_at_k_of_impossible_counts_is_refused(trials: int, passed: int, k: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        pass_at_k(trials, passed, k)


@pytest.mark.parametrize(
    ("trials", "passed", "expected"), [(4, 2, 1.0), (4, 4, 0.0), (4, 0, 0.0), (4, 1, 0.5), (1, 1, None), (0, 0, None)]
)
def test_flakiness_is_highest_at_half(trials: int, passed: int, expected: float | None) -> None:
    assert flakiness(trials, passed) == expected


def test_items_needed_of_millers_example_gives_969() -> None:
    assert items_needed(0.03, Noise(between=1 / 9)) == 969


def test_items_needed_falls_with_trials_down_to_the_variance_between_items() -> None:
    needed = [items_needed(0.03, Noise(1 / 9, 1 / 6, 1 / 6, trials, trials)) for trials in (1, 4, 10**6)]

    assert needed == [3876, 1696, 970]


def test_items_needed_for_no_difference_is_refused() -> None:
    with pytest.raises(ValueError, match="difference of 0"):
        items_needed(0.0, Noise(0.1))


@given(st.integers(1, 10**6), st.floats(0.001, 1))
def test_detectable_difference_is_the_one_that_needs_these_items(n: int, variance: float) -> None:
    difference = detectable_difference(n, Noise(variance))

    assert math.isclose(items_needed(difference, Noise(variance)), n, abs_tol=1)


def test_detectable_difference_without_items_is_not_estimable() -> None:
    assert detectable_difference(0, Noise(0.1)) is None
