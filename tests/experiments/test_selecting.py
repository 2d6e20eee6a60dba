"""Samples: the first items in the order of a seed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.actions import freeze_case_list
from experiments.actions.case_lists import identity_of
from experiments.rows.new_items import NewItem
from experiments.selecting import chosen_rows
from tests.experiments.test_case_lists import experiment_over, keys_of

ROWS = [NewItem(f"k{number}", str(number), tags=("x",) if number % 2 else ()) for number in range(40)]


def sampled(selection: dict[str, Any], limit: int | None = None) -> list[str]:
    return [row.key for row in chosen_rows(ROWS, selection, limit)]


def test_sample_of_a_seed_is_the_same_everywhere() -> None:
    """A golden value: another order would be another choice of items, and would be paid for again."""
    assert sampled({"seed": 7}, 6) == ["k10", "k0", "k30", "k19", "k37", "k4"]


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40))
def test_larger_sample_holds_the_smaller_one_as_its_prefix(seed: int, one: int, other: int) -> None:
    smaller, larger = sorted((one, other))

    assert sampled({"seed": seed}, larger)[:smaller] == sampled({"seed": seed}, smaller)


def test_sample_mixes_and_leaves_nothing_out() -> None:
    mixed = sampled({"seed": 1})

    assert sorted(mixed) == sorted(sampled({}))
    assert mixed != sampled({})
    assert mixed != sampled({"seed": 2})


def test_sample_takes_of_the_selection_only() -> None:
    assert sampled({"seed": 1, "tags": ["x"]}) == [key for key in sampled({"seed": 1}) if int(key[1:]) % 2]


@pytest.mark.both
@pytest.mark.django_db
@pytest.mark.parametrize("seed", [0, 7])
def test_freeze_case_list_stands_in_the_order_of_the_seed(seed: int) -> None:
    case_list = freeze_case_list(experiment_over(ROWS, selection={"seed": seed}, item_limit=3))

    assert keys_of(case_list) == sampled({"seed": seed})
    assert case_list.case_count == len(ROWS)


@pytest.mark.django_db
def test_identity_holds_the_seed_and_no_number() -> None:
    experiment = experiment_over(ROWS)

    def identity(selection: dict[str, Any], limit: int | None = None) -> str:
        experiment.selection, experiment.item_limit = selection, limit
        return identity_of(experiment)

    assert identity({"seed": 0}) == identity({"seed": 0}, 5)
    assert len({identity({}), identity({"seed": 0}), identity({"seed": 1})}) == 3
