"""Quantiles against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scoring.statistics.quantiles import normal_quantile, t_quantile

LEVELS = [0.5, 0.6, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9995]


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 30, 199, 998, 999, 1000, 1318, 10**6])
@pytest.mark.parametrize("probability", LEVELS)
def test_t_quantile_of_usual_levels_agrees_with_scipy(probability: float, degrees: int) -> None:
    expected = stats.t.ppf(probability, degrees)

    found = t_quantile(probability, degrees)

    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("probability", [0.001, *LEVELS])
def test_normal_quantile_of_usual_levels_agrees_with_scipy(probability: float) -> None:
    assert normal_quantile(probability) == pytest.approx(stats.norm.ppf(probability), abs=1e-9)


@given(st.floats(0.001, 0.999), st.integers(1, 3000))
def test_t_quantile_of_any_level_is_symmetric_and_wider_than_normal(probability: float, degrees: int) -> None:
    found = t_quantile(probability, degrees)

    assert found == pytest.approx(-t_quantile(1 - probability, degrees), abs=1e-9)
    assert abs(found) >= abs(normal_quantile(probability)) - 1e-9


def test_t_quantile_without_degrees_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one degree"):
        t_quantile(0.975, 0)
