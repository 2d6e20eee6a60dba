"""Item values: trials are averaged into items, and values are brought between 0 and 1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.boards.item_values import ItemSums, ItemValues, Scale, at, common_positions, item_values, mean_and_variance

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.floats(-5, 5)), max_size=40)


def values_at(**by_position: float) -> ItemValues:
    """Return item values, `p3=0.5` for position 3."""
    positions = sorted(int(name[1:]) for name in by_position)
    return ItemValues(np.array(positions), np.array([by_position[f"p{position}"] for position in positions]))


def of(pairs: list[tuple[int, float]]) -> ItemValues:
    """Return the item values of (position, value) pairs."""
    positions = np.array([position for position, _ in pairs], dtype=np.int64)
    return item_values(positions, np.array([value for _, value in pairs], dtype=np.float64))


def test_item_value_is_the_mean_of_its_trials() -> None:
    found = of([(4, 1.0), (2, 0.0), (4, 0.0), (4, 0.5)])

    assert (found.positions.tolist(), found.means.tolist(), found.n) == ([2, 4], [0.0, 0.5], 2)


def test_item_varies_where_its_trials_disagree() -> None:
    found = of([(4, 1.0), (2, 0.3), (4, 0.0), (2, 0.3), (7, 1.0)])

    assert found.varying.tolist() == [4]


def test_item_values_of_nothing_are_none() -> None:
    assert of([]).n == 0


@given(PAIRS, st.integers(0, 40))
def test_item_sums_in_parts_are_those_of_the_whole(pairs: list[tuple[int, float]], cut: int) -> None:
    sums = ItemSums(10)
    for part in (pairs[:cut], pairs[cut:]):
        sums.add(np.array([place for place, _ in part], dtype=np.int64), np.array([value for _, value in part]))

    assert [column.tolist() for column in (sums.values().positions, sums.values().means, sums.values().varying)] == [
        column.tolist() for column in (of(pairs).positions, of(pairs).means, of(pairs).varying)
    ]


@given(PAIRS)
def test_item_values_stand_once_a_position_in_order(pairs: list[tuple[int, float]]) -> None:
    found = of(pairs)

    assert found.positions.tolist() == sorted({position for position, _ in pairs})
    assert len(found.means) == found.n


@pytest.mark.parametrize(
    ("scale", "value", "normalised"),
    [
        (Scale(0, 1), 0.25, 0.25),
        (Scale(1, 5), 3.0, 0.5),
        (Scale(1, 5), 9.0, 1.0),
        (Scale(1, 5), -9.0, 0.0),
        (Scale(0, 2000, higher_is_better=False), 500.0, 0.75),
        (Scale(0, 2000, higher_is_better=False), 9999.0, 0.0),
        (Scale(-1, 1), 0.0, 0.5),
    ],
)
def test_normalise_brings_values_between_worst_and_best(scale: Scale, value: float, normalised: float) -> None:
    assert scale.normalise(np.array([value])).tolist() == [normalised]


@pytest.mark.parametrize("scale", [Scale(1, 5), Scale(0, 9, higher_is_better=False)])
def test_worst_value_normalises_to_zero(scale: Scale) -> None:
    assert scale.normalise(np.array([scale.worst])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("values", "mean", "variance"),
    [([], None, None), ([0.5], 0.5, None), ([0.0, 1.0], 0.5, 0.5), ([2.0] * 3, 2.0, 0.0)],
)
def test_mean_and_variance_are_none_where_there_is_too_little(
    values: list[float], mean: float | None, variance: float | None
) -> None:
    assert mean_and_variance(np.array(values)) == (mean, variance)


def test_common_positions_are_those_that_all_cover() -> None:
    sets = {"a": values_at(p1=0, p2=0, p5=0), "b": values_at(p2=0, p5=0, p7=0)}

    assert common_positions(sets).tolist() == [2, 5]
    assert common_positions({}).tolist() == []


def test_at_picks_means_by_position() -> None:
    assert at(values_at(p1=0.1, p2=0.2, p5=0.5), np.array([5, 1])).tolist() == [0.5, 0.1]
