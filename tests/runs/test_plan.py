"""The arithmetic of plans: every planned ordinal lies in exactly one unit, and growing appends."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.plan import CHUNK_LENGTH, MAX_UNIT, MIN_UNIT, Plan, ranges, unit_length

LENGTHS = st.integers(MIN_UNIT, MAX_UNIT)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of up to 3,000 cases."""
    cases = draw(st.integers(1, 3000))
    return Plan(cases, draw(st.integers(1, cases)), draw(st.integers(1, 4)))


@st.composite
def grown_plans(draw: st.DrawFn) -> tuple[Plan, Plan]:
    """Draw a plan and one over the same cases with at least its limit and trials."""
    done = draw(plans())
    return done, Plan(done.cases, draw(st.integers(done.limit, done.cases)), draw(st.integers(done.trials, 6)))


def planned(plan: Plan) -> set[int]:
    """Return the planned ordinals, from their definition."""
    return {trial * plan.cases + position for trial in range(plan.trials) for position in range(plan.limit)}


def ordinals(found: list[tuple[int, int]]) -> list[int]:
    """Return every ordinal of some ranges, doubles included."""
    return list(chain.from_iterable(range(first, first + length) for first, length in found))


@given(plans(), LENGTHS)
def test_ranges_hold_every_planned_ordinal_once(plan: Plan, length: int) -> None:
    found = ordinals(list(ranges(plan, length=length)))

    assert len(found) == plan.count
    assert set(found) == planned(plan)


@given(plans(), LENGTHS)
def test_ranges_stay_in_one_trial_and_one_chunk(plan: Plan, length: int) -> None:
    found = [(plan.place(first), plan.place(first + size - 1)) for first, size in ranges(plan, length=length)]

    assert all(start[0] == end[0] for start, end in found)
    assert all(start[1] // CHUNK_LENGTH == end[1] // CHUNK_LENGTH for start, end in found)


@given(plans(), LENGTHS)
def test_ranges_are_at_most_as_long_as_asked(plan: Plan, length: int) -> None:
    assert all(1 <= size <= length for _, size in ranges(plan, length=length))


@given(grown_plans(), LENGTHS, LENGTHS)
def test_ranges_of_a_grown_plan_append_what_is_missing(pair: tuple[Plan, Plan], before: int, after: int) -> None:
    done, grown = pair

    first = ordinals(list(ranges(done, length=before)))
    added = ordinals(list(ranges(grown, length=after, done=done)))

    assert set(added) == planned(grown) - set(first)
    assert len(added) == grown.count - done.count


@given(plans(), st.data())
def test_place_is_the_inverse_of_ordinal(plan: Plan, data: st.DataObject) -> None:
    trial, position = data.draw(st.integers(0, 9)), data.draw(st.integers(0, plan.cases - 1))

    assert plan.place(plan.ordinal(trial, position)) == (trial, position)


def test_ranges_of_the_same_plan_need_nothing() -> None:
    plan = Plan(100, 60, 2)

    assert list(ranges(plan, length=16, done=plan)) == []


@pytest.mark.parametrize(
    ("planned_count", "lanes", "length"),
    [(1, 1, 16), (127, 1, 16), (128, 1, 16), (1319, 1, 164), (1319, 4, 41), (100_000, 1, 1024), (1319, 0, 164)],
)
def test_unit_length_gives_every_lane_several(planned_count: int, lanes: int, length: int) -> None:
    assert unit_length(planned_count, lanes) == length
