"""What all will cost, from the costs of the first results."""

import pytest

from scoring.boards.forecast import Forecast, predicted, sentence_of


def test_predicted_of_equal_costs_has_no_spread() -> None:
    assert predicted(100, 5, 0.01, 0.0) == pytest.approx((1.0, 1.0, 1.0))


def test_predicted_by_hand() -> None:
    # n = 5, mean 2, variance 1, 20 left: 2.7764 * sqrt(20 + 400 / 5) = 27.764
    total, low, high = predicted(25, 5, 2.0, 1.0)

    assert (total, low, high) == pytest.approx((50.0, 22.236, 77.764), abs=0.001)


def test_predicted_is_never_below_what_was_spent() -> None:
    assert predicted(1000, 2, 1.0, 100.0)[1] == 2.0


def test_predicted_of_one_cost_has_no_range() -> None:
    assert predicted(10, 1, 0.5, 0.0) == (5.0, None, None)


def test_predicted_of_all_is_what_they_cost() -> None:
    assert predicted(5, 5, 0.5, 0.2) == (2.5, 2.5, 2.5)


def test_sentence_of_a_forecast() -> None:
    assert sentence_of(Forecast("a", 40, 5, 0.1, 0.8, 0.7, 0.9)) == (
        "about $0.80 ($0.70 to $0.90) for 40 results, from 5"
    )
    assert sentence_of(Forecast("a", 40, 5, 0.1, 0.8, 0.8, 0.8)) == "about $0.80 for 40 results, from 5"
    assert "a pilot of 5 items" in sentence_of(Forecast("a", 40, 0, 0.0, None, None, None))
    assert sentence_of(Forecast("a", 40, 0, 0.0, None, None, None, "large")).startswith("no price is set for large")
