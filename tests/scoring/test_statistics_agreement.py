"""Raters who agree, judges who err, preferences: published examples and the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.statistics import (
    JudgeCheck,
    Level,
    Weighting,
    bradley_terry,
    cohens_kappa,
    corrected_rate,
    krippendorffs_alpha,
    raw_agreement,
)

GAP = None
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
    [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
]
AL_EAST_1987 = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Level.NOMINAL, 0.7434), (Level.ORDINAL, 0.8154), (Level.INTERVAL, 0.8491), (Level.RATIO, 0.7974)],
)
def test_alpha_of_krippendorffs_example_gives_his_values(level: Level, expected: float) -> None:
    assert krippendorffs_alpha(OBSERVERS, level) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(
    "ratings",
    [
        pytest.param([], id="no-rater"),
        pytest.param([[1, 2], [GAP, GAP]], id="nobody-twice"),
        pytest.param([[1, 1], [1, 1]], id="all-alike"),
    ],
)
def test_alpha_of_nothing_to_compare_is_not_estimable(ratings: list[list[float | None]], level: Level) -> None:
    assert krippendorffs_alpha(ratings, level) is None


@given(st.lists(st.integers(0, 5), min_size=2, max_size=20).filter(lambda ratings: len(set(ratings)) > 1))
def test_alpha_of_raters_who_agree_is_1_at_every_level(ratings: list[float]) -> None:
    found = [krippendorffs_alpha([ratings, ratings], level) for level in Level]

    assert found == pytest.approx([1.0] * 4)


def test_alpha_of_negative_ratings_at_the_ratio_level_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        krippendorffs_alpha([[-1, 2], [1, 2]], Level.RATIO)


def test_kappa_of_published_table_gives_published_value() -> None:
    assert cohens_kappa([[20, 5], [10, 15]]) == pytest.approx(0.4)
    assert raw_agreement([[20, 5], [10, 15]]) == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("weighting", "expected"),
    [(Weighting.NONE, 1 - 30 / 66.25), (Weighting.LINEAR, 1 - 35 / 85.5), (Weighting.QUADRATIC, 1 - 45 / 124)],
)
def test_kappa_of_an_ordered_scale_counts_steps_by_their_weight(weighting: Weighting, expected: float) -> None:
    table = [[20, 5, 5], [5, 25, 5], [0, 10, 25]]

    assert cohens_kappa(table, weighting) == pytest.approx(expected)


@pytest.mark.parametrize("table", [[[0, 0], [0, 0]], [[7, 0], [0, 0]]])
def test_kappa_of_nothing_to_compare_is_not_estimable(table: list[list[int]]) -> None:
    assert cohens_kappa(table) is None


@pytest.mark.parametrize("table", [[[1, 2]], [[1, -1], [0, 3]], [1, 2]])
def test_kappa_of_a_table_that_is_none_is_refused(table: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="square table"):
        cohens_kappa(table)


def test_raw_agreement_without_items_is_not_estimable() -> None:
    assert raw_agreement([[0, 0], [0, 0]]) is None


def test_bradley_terry_of_al_east_1987_gives_published_strengths() -> None:
    strengths = bradley_terry(AL_EAST_1987)

    assert strengths == pytest.approx([1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0], abs=5e-4)


def test_bradley_terry_of_two_is_the_log_odds() -> None:
    assert bradley_terry([[0, 3], [1, 0]]) == pytest.approx([np.log(3), 0.0])


def test_bradley_terry_of_very_uneven_wins_converges() -> None:
    assert bradley_terry([[0, 10**6], [1, 0]]) == pytest.approx([np.log(10**6), 0.0])


@given(st.lists(st.integers(1, 30), min_size=6, max_size=6))
def test_bradley_terry_of_any_wins_explains_each_ones_number_of_wins(games: list[int]) -> None:
    wins = np.zeros((3, 3))
    wins[~np.eye(3, dtype=bool)] = games

    strengths = np.array(bradley_terry(wins))

    chances = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    np.fill_diagonal(chances, 0)
    assert ((wins + wins.T) * chances).sum(axis=1) == pytest.approx(wins.sum(axis=1))


@pytest.mark.parametrize(
    "wins",
    [
        pytest.param([[0]], id="one"),
        pytest.param([[0, 3], [0, 0]], id="never-won"),
        pytest.param([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], id="two-leagues"),
    ],
)
def test_bradley_terry_without_a_maximum_is_not_estimable(wins: list[list[int]]) -> None:
    assert bradley_terry(wins) is None


def test_bradley_terry_of_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="square table"):
        bradley_terry([[0, 1]])


def test_corrected_rate_of_published_judge_gives_published_value() -> None:
    found = corrected_rate(0.80, 500, JudgeCheck(0.90, 100, 0.85, 100))

    assert found.value == pytest.approx(0.8667, abs=5e-5)
    assert found.standard_error == pytest.approx(0.0426, abs=5e-5)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.7833, 0.9501), abs=5e-5)


def test_corrected_rate_of_a_perfect_judge_is_the_rate() -> None:
    assert corrected_rate(0.3, 50, JudgeCheck(1.0, 20, 1.0, 20)).value == pytest.approx(0.3)


@given(st.floats(0, 1), st.floats(0.56, 1), st.floats(0.56, 1))
def test_corrected_rate_of_any_judge_stays_between_0_and_1(rate: float, right: float, wrong: float) -> None:
    found = corrected_rate(rate, 100, JudgeCheck(right, 50, wrong, 50))

    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1


@pytest.mark.parametrize(
    ("n", "check"),
    [
        pytest.param(0, JudgeCheck(0.9, 10, 0.9, 10), id="no-items"),
        pytest.param(10, JudgeCheck(0.9, 0, 0.9, 10), id="no-labels-right"),
        pytest.param(10, JudgeCheck(0.9, 10, 0.9, 0), id="no-labels-wrong"),
        pytest.param(10, JudgeCheck(0.6, 10, 0.5, 10), id="a-coin"),
    ],
)
def test_corrected_rate_of_nothing_to_correct_by_is_refused(n: int, check: JudgeCheck) -> None:
    assert corrected_rate(0.8, n, check) is None
