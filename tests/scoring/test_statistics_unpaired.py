"""Two candidates on different items: published values, scipy as oracle, the edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.statistics import unpaired_difference
from scoring.statistics.quantiles import t_quantile


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        pytest.param((56, 70), (48, 80), 0.0524, 0.3339, id="a"),
        pytest.param((9, 10), (3, 10), 0.1705, 0.8090, id="b"),
        pytest.param((10, 10), (0, 10), 0.6075, 1.0000, id="h"),
    ],
)
def test_two_proportions_give_published_interval(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    one, other = ([1.0] * right + [0.0] * (n - right) for right, n in (first, second))

    interval = unpaired_difference(one, other).interval

    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)  # Newcombe 1998, table II


def test_graded_values_have_welchs_interval() -> None:
    first, second = [0.2, 0.9, 0.4, 0.75, 0.5], [0.1, 0.3, 0.35, 0.05, 0.2, 0.15, 0.6]

    difference = unpaired_difference(first, second)

    oracle = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    assert difference.value == pytest.approx(0.3)
    assert difference.interval is not None
    assert (difference.interval.low, difference.interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
    assert (difference.n_first, difference.n_second, difference.direction) == (5, 7, "inconclusive")


@given(st.floats(1, 1500), st.sampled_from([0.5, 0.6, 0.975, 0.995, 0.9995]))
def test_t_quantile_of_broken_degrees_agrees_with_scipy(degrees: float, probability: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(stats.t.ppf(probability, degrees), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "value", "direction"),
    [
        pytest.param([], [1.0], None, "inconclusive", id="nothing-of-one"),
        pytest.param([0.5], [0.25, 0.5], 0.125, "inconclusive", id="one-graded-item"),
        pytest.param([0.5, 0.5], [0.25, 0.25], 0.25, "inconclusive", id="no-spread"),
    ],
)
def test_difference_without_enough_to_tell_has_no_interval(
    first: list[float], second: list[float], value: float | None, direction: str
) -> None:
    difference = unpaired_difference(first, second)

    assert (difference.value, difference.interval, difference.direction) == (value, None, direction)


def test_spread_in_one_sample_alone_gives_its_own_t_interval() -> None:
    difference = unpaired_difference([0.9, 0.8, 0.85], [0.5, 0.5, 0.5])

    half_width = 4.302653 * 0.05 / 3**0.5  # t of 2 degrees, standard error of the three
    assert difference.interval is not None
    assert (difference.interval.low, difference.interval.high) == pytest.approx(
        (0.35 - half_width, 0.35 + half_width), abs=1e-6
    )
    assert difference.direction == "better"
