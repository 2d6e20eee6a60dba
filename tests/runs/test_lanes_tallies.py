"""Counting results: tallies add up in any order, and percentiles come within a bucket of the truth."""

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.lanes.tallies import StageTally, Tally, bucket_of, merged, stage_tallies, time_in

TIMES = st.lists(st.floats(1, 1e7), min_size=1, max_size=50)


def tally_of_times(times: list[float]) -> StageTally:
    """Return the tally of some passages without errors."""
    tally = StageTally()
    _ = [tally.add(ms, is_error=False) for ms in times]
    return tally


@given(st.floats(1, 1e9))
def test_time_in_a_bucket_is_within_2_5_per_cent(ms: float) -> None:
    assert time_in(bucket_of(ms)) == pytest.approx(ms, rel=0.0251)


@pytest.mark.parametrize("ms", [0.0, 0.4, 0.999])
def test_bucket_below_a_millisecond_is_one_for_all(ms: float) -> None:
    assert (bucket_of(ms), time_in(-1)) == (-1, 0.5)


@given(TIMES, st.sampled_from([0.5, 0.95]))
def test_percentile_is_near_the_time_at_its_rank(times: list[float], share: float) -> None:
    rank = max(1, -(-share * len(times) // 1))

    assert tally_of_times(times).percentile_ms(share) == pytest.approx(sorted(times)[int(rank) - 1], rel=0.03)


def test_percentile_of_nothing_is_none() -> None:
    assert StageTally().percentile_ms(0.5) is None


@given(TIMES, TIMES)
def test_merge_counts_like_one_tally_of_all(left: list[float], right: list[float]) -> None:
    both = tally_of_times(left)
    both.merge(tally_of_times(right))

    together = tally_of_times([*left, *right])
    assert (both.count, both.buckets) == (together.count, together.buckets)
    assert both.total_ms == pytest.approx(together.total_ms)


def test_stage_tally_comes_back_from_json() -> None:
    tally = StageTally()
    tally.add(0.2, is_error=True)
    tally.add(1234.5, is_error=False)

    assert StageTally.from_json(orjson.loads(orjson.dumps(tally.as_json()))) == tally


def test_stages_json_keeps_calls_apart_from_stages() -> None:
    tally = Tally(stages={"render": tally_of_times([2.0])}, calls=tally_of_times([80.0, 90.0]))

    stages, calls, first_tokens = stage_tallies(tally.stages_json())

    assert (stages, calls, first_tokens) == (tally.stages, tally.calls, StageTally())


def test_stages_json_keeps_times_to_the_first_token_where_there_are_any() -> None:
    tally = Tally(first_tokens=tally_of_times([8.0]))

    assert stage_tallies(tally.stages_json()) == ({}, StageTally(), tally.first_tokens)
    assert "first_token" not in Tally().stages_json()


def test_stage_tallies_of_a_new_unit_are_empty() -> None:
    assert stage_tallies({}) == ({}, StageTally(), StageTally())


def test_merged_adds_everything() -> None:
    one = Tally({"ok": 2, "timeout": 1}, 1, 2, 3, 4, 5, 6, Decimal("0.1"), {"render": tally_of_times([1.0])})
    other = Tally({"ok": 3, "refused": 4}, 10, 20, 30, 40, 50, 60, Decimal("0.2"), {"score": tally_of_times([1.0])})

    total = merged([one, other])

    assert total.outcomes == {"ok": 5, "timeout": 1, "refused": 4}
    assert total.results == 10
    assert (total.reused_count, total.attempt_count, total.unpriced_count) == (11, 22, 33)
    assert (total.tokens_in, total.tokens_out, total.wait_ms) == (44, 55, 66)
    assert total.cost_usd == Decimal("0.3")
    assert set(total.stages) == {"render", "score"}


def test_merged_leaves_its_parts_as_they_were() -> None:
    part = Tally({"ok": 1}, stages={"render": tally_of_times([1.0])})

    merged([part, part])

    assert (part.outcomes, part.stages["render"].count) == ({"ok": 1}, 1)
