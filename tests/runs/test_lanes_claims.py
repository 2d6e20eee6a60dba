"""Claiming units: one lane at a time, runs in turn, and only what is missing."""

from decimal import Decimal
from typing import Any

import pytest

from experiments.models import Item
from runs.lanes.claims import (
    CANCELLED,
    PAUSED,
    CaseCache,
    claim_in_turn,
    claim_one,
    claimable_runs,
    halts_of,
    release,
)
from runs.models import RunStatus, WorkUnit
from tests.factories import LaneFactory, ResultFactory
from tests.runs.planned import claimed, planned_run

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_claim_one_takes_the_first_free_unit_and_begins_the_run() -> None:
    run, lane = planned_run(40), LaneFactory()

    held = claimed(lane, run)

    unit = WorkUnit.objects.get(pk=held.unit_id)
    assert (unit.first, unit.state, unit.lane, unit.lease) == (0, "claimed", lane, 1)
    assert run.status == RunStatus.RUNNING
    assert run.started_at is not None


def test_claim_one_gives_every_unit_to_one_lane_only() -> None:
    run, lanes = planned_run(48), LaneFactory.create_batch(2)

    firsts = [claimed(lane, run).first for lane in [*lanes, lanes[0]]]

    assert firsts == [0, 16, 32]
    assert claim_one(lanes[1], run, CaseCache()) is None


def test_claim_of_a_unit_that_another_lane_was_quicker_with_fails() -> None:
    run, lanes = planned_run(4), LaneFactory.create_batch(2)
    seen_free = WorkUnit.objects.get(run=run)
    claimed(lanes[0], run)

    assert not seen_free.claim(lanes[1])


def test_load_finds_the_cases_of_missing_ordinals() -> None:
    run = planned_run(4)
    ResultFactory(run=run, ordinal=1)

    held = claimed(LaneFactory(), run)

    assert held.missing == {0, 2, 3}
    assert [(ordinal, case.key) for ordinal, case in held.cases.items()] == [(0, "sum-0"), (2, "sum-2"), (3, "sum-3")]


def test_load_of_a_later_trial_finds_the_same_cases() -> None:
    run, lane = planned_run(4, trials=2), LaneFactory()
    first, second = claimed(lane, run), claimed(lane, run)

    assert [case.key for case in second.cases.values()] == [case.key for case in first.cases.values()]
    assert list(second.cases) == [4, 5, 6, 7]


def test_load_beyond_the_first_chunk_finds_the_right_cases() -> None:
    run, lane = planned_run(1100), LaneFactory()
    WorkUnit.objects.filter(run=run, first__lt=1024).delete()

    held = claimed(lane, run)

    assert [case.key for case in held.cases.values()][:2] == ["sum-1024", "sum-1025"]


def test_case_cache_reads_items_once(django_assert_num_queries: object) -> None:
    planned_run(4)
    ids, cache = list(Item.objects.values_list("pk", flat=True)), CaseCache()
    first = cache.get(ids)

    with django_assert_num_queries(0):  # type: ignore[operator]
        again = cache.get(ids)

    assert again == first


def test_claim_in_turn_gives_every_run_a_unit_before_any_gets_two() -> None:
    runs, lane = [planned_run(40), planned_run(40)], LaneFactory()

    pairs = list(claim_in_turn(lane, runs, after_run=0, wanted=64, cache=CaseCache()))

    assert [run for run, _ in pairs] == [*runs, *runs]


def test_claim_in_turn_of_no_run_gives_nothing_to_a_lane_that_begins() -> None:
    assert list(claim_in_turn(LaneFactory(), [], after_run=0, wanted=64, cache=CaseCache(), is_first=True)) == []


def test_claim_in_turn_begins_behind_the_run_that_was_last() -> None:
    runs, lane = [planned_run(40), planned_run(40)], LaneFactory()

    pairs = list(claim_in_turn(lane, runs, after_run=runs[0].pk, wanted=1, cache=CaseCache()))

    assert [run for run, _ in pairs] == [runs[1]]


def test_claim_in_turn_shares_the_window_between_runs_that_wait(settings: Any) -> None:
    settings.LANES = 1
    runs, lane = [planned_run(4000), planned_run(4000)], LaneFactory()
    assert {unit.length for unit in WorkUnit.objects.all()} >= {500}

    pairs = list(claim_in_turn(lane, runs, after_run=0, wanted=400, cache=CaseCache()))

    assert [(run, len(held.missing)) for run, held in pairs] == [(runs[0], 200), (runs[1], 200)]


def test_claim_in_turn_of_a_run_alone_takes_whole_units(settings: Any) -> None:
    settings.LANES = 1
    run, lane = planned_run(4000), LaneFactory()

    (pair,) = claim_in_turn(lane, [run], after_run=0, wanted=200, cache=CaseCache())

    assert len(pair[1].missing) == 500


def test_claim_in_turn_of_a_lane_that_begins_takes_a_part(settings: Any) -> None:
    settings.LANES = 1
    run, lane = planned_run(4000), LaneFactory()

    (pair,) = claim_in_turn(lane, [run], after_run=0, wanted=128, cache=CaseCache(), is_first=True)

    assert len(pair[1].missing) == 128


def test_unit_that_was_parted_covers_what_it_covered(settings: Any) -> None:
    settings.LANES = 1
    run, lane = planned_run(1100), LaneFactory()

    held = claim_one(lane, run, CaseCache(), share=20)

    assert held is not None
    assert held.missing == set(range(20))
    ranges = WorkUnit.objects.filter(run=run).order_by("first").values_list("first", "length")
    assert [ordinal for first, length in ranges for ordinal in range(first, first + length)] == list(range(1100))
    assert WorkUnit.objects.get(run=run, first=20).state == "waiting"


def test_unit_that_was_begun_before_stays_whole(settings: Any) -> None:
    settings.LANES = 1
    run, lane = planned_run(1100), LaneFactory()
    unit = WorkUnit.objects.filter(run=run).order_by("first").first()
    assert unit is not None
    WorkUnit.objects.filter(pk=unit.pk).update(lease=1)

    held = claim_one(lane, run, CaseCache(), share=20)

    assert held is not None
    assert len(held.missing) == unit.length


def test_claim_in_turn_of_nothing_free_yields_nothing() -> None:
    run = planned_run(4)
    WorkUnit.objects.update(state="done")

    assert list(claim_in_turn(LaneFactory(), [run], after_run=0, wanted=9, cache=CaseCache())) == []


def test_claimable_runs_leaves_out_what_stands_still_or_is_others() -> None:
    here, paused, owned, done = planned_run(4), planned_run(4), planned_run(4, owner="lane 7"), planned_run(4)
    paused.pause("wait")
    WorkUnit.objects.filter(run=done).update(state="done")

    assert list(claimable_runs("")) == [here]
    assert list(claimable_runs("lane 7")) == [owned]


def test_release_frees_units_for_others() -> None:
    run, lane = planned_run(4), LaneFactory()
    held = claimed(lane, run)

    release(lane.pk, [held])

    assert claimed(LaneFactory(), run).unit_id == held.unit_id


def test_release_leaves_a_unit_that_another_lane_holds_by_now() -> None:
    run, lane, other = planned_run(4), LaneFactory(), LaneFactory()
    held = claimed(lane, run)
    WorkUnit.objects.update(lane=other, lease=5)

    release(lane.pk, [held])

    assert WorkUnit.objects.get().lane == other


def test_halts_of_names_runs_that_may_not_go_on() -> None:
    going, paused, cancelled, others = planned_run(4), planned_run(4), planned_run(4), planned_run(4, owner="lane 7")
    paused.pause("wait")
    cancelled.cancel("enough")
    gone = others.pk + 1000

    halts = halts_of([going.pk, paused.pk, cancelled.pk, others.pk, gone], "")

    assert halts == {paused.pk: PAUSED, cancelled.pk: CANCELLED, others.pk: PAUSED, gone: CANCELLED}


def test_load_of_a_unit_without_results_keeps_what_its_attempts_came_to() -> None:
    run = planned_run(4)
    WorkUnit.objects.filter(run=run).update(attempt_count=5, cost_usd=Decimal("0.01"))

    held = claimed(LaneFactory(), run)

    assert (held.tally.attempt_count, held.tally.cost_usd) == (5, Decimal("0.01"))


def test_load_counts_results_that_came_after_the_unit_was_read() -> None:
    run = planned_run(4)
    ResultFactory(run=run, ordinal=1)

    held = claimed(LaneFactory(), run)

    assert held.tally.results == 1
