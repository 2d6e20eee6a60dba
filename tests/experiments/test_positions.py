"""Positions of items: with gaps, kept where they can be."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.positions import positions_for


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([None, None], [1024, 2048], id="all-new"),
        pytest.param([1024, 2048], [1024, 2048], id="unchanged"),
        pytest.param([1024, None, 2048], [1024, 1536, 2048], id="one-between"),
        pytest.param([None, 1024], [512, 1024], id="one-before"),
        pytest.param([1024, None], [1024, 2048], id="one-after"),
        pytest.param([2048, 1024, 3072], [512, 1024, 3072], id="swapped"),
        pytest.param([5, None, 6], [5, 1029, 2053], id="no-room"),
        pytest.param([None, 1], [1024, 2048], id="no-room-at-the-start"),
    ],
)
def test_positions_for_rows_keep_what_rises(current: list[int | None], expected: list[int]) -> None:
    assert positions_for(current) == expected


def test_positions_for_one_row_moved_to_the_front_moves_only_that_row() -> None:
    current: list[int | None] = [5120, 1024, 2048, 3072, 4096]

    positions = positions_for(current)

    assert positions == [512, 1024, 2048, 3072, 4096]


@given(st.lists(st.none() | st.integers(1, 60), max_size=40))
def test_positions_for_any_order_rise_from_above_zero(current: list[int | None]) -> None:
    positions = positions_for(current)

    assert len(positions) == len(current)
    assert all(low < high for low, high in pairwise([0, *positions]))
