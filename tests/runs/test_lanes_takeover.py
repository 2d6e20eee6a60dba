"""Taking over from the dead: nothing they held is lost, and their open calls are booked."""

import sys
from pathlib import Path
from typing import Any

import pytest

from runs.lanes import takeover
from runs.lanes.notes import Notes
from runs.lanes.takeover import adopt_orphans, bury, owner_name
from runs.live.progress import totals_of
from runs.models import FailedAttempt, Lane, ProviderShare, Run, WorkUnit
from tests.factories import LaneFactory, ProviderShareFactory, ResultFactory
from tests.runs.planned import claimed, planned_run

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def test_bury_frees_units_under_a_new_lease() -> None:
    run, lane = planned_run(40), LaneFactory()
    held = [claimed(lane, run), claimed(lane, run)]

    assert bury(lane) == 2

    units = WorkUnit.objects.filter(pk__in=[one.unit_id for one in held])
    assert {(unit.state, unit.lane, unit.lease, unit.crash_count) for unit in units} == {("waiting", None, 2, 1)}
    assert not Lane.objects.exists()


def test_bury_books_each_noted_call_as_possibly_billed_at_its_result(settings: Any, tmp_path: Path) -> None:
    settings.JOURNAL_DIR = tmp_path
    run, lane = planned_run(40), LaneFactory()
    held = claimed(lane, run)
    WorkUnit.objects.filter(pk=held.unit_id).update(open_calls=5)  # as it was a second ago
    called = [run.pk << 32 | held.first + 1, run.pk << 32 | held.first + 3]
    notes = Notes(tmp_path, lane.pk)
    _ = [notes.calls.put(result_id) for result_id in [*called, 99]]

    bury(lane)

    attempts = FailedAttempt.objects.values_list("billed", "count", "result_id")
    assert sorted(attempts) == [("possibly", 1, result_id) for result_id in called]
    assert (totals_of(run).attempts, totals_of(run).open_calls) == (2, 0)


def test_bury_that_was_broken_off_books_each_noted_call_when_it_is_done_again(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOURNAL_DIR = tmp_path
    run, lane = planned_run(40), LaneFactory()
    called = [run.pk << 32 | claimed(lane, run).first + offset for offset in (1, 3)]
    notes = Notes(tmp_path, lane.pk)
    _ = [notes.calls.put(result_id) for result_id in called]
    with monkeypatch.context() as broken:
        broken.setattr(takeover, "recount", sys.exit)
        with pytest.raises(SystemExit):
            bury(lane)

    bury(lane)

    assert sorted(FailedAttempt.objects.values_list("result_id", "count")) == [(result_id, 1) for result_id in called]
    assert not list(tmp_path.iterdir())


def test_bury_books_the_open_calls_of_another_machine_as_it_said_last() -> None:
    run, lane = planned_run(40), LaneFactory()
    claimed(lane, run)
    held = claimed(lane, run)
    WorkUnit.objects.filter(pk=held.unit_id).update(open_calls=5)

    bury(lane)

    attempt = FailedAttempt.objects.get()
    assert (attempt.billed, attempt.count, attempt.result_id) == ("possibly", 5, run.pk << 32 | held.first)
    assert (totals_of(run).attempts, totals_of(run).open_calls) == (5, 0)


def test_bury_counts_what_the_dead_had_stored() -> None:
    run, lane = planned_run(4), LaneFactory()
    claimed(lane, run)
    ResultFactory(run=run, ordinal=2)

    bury(lane)

    assert totals_of(run).results == 1


def test_bury_leaves_units_of_other_lanes() -> None:
    run, lane, other = planned_run(40), LaneFactory(), LaneFactory()
    claimed(lane, run)
    kept = claimed(other, run)

    bury(lane)

    assert WorkUnit.objects.get(pk=kept.unit_id).lane == other


def test_bury_gives_the_share_of_the_dead_back() -> None:
    share = ProviderShareFactory(granted=8)

    bury(share.lane)

    assert not ProviderShare.objects.exists()


def test_bury_hands_runs_of_a_dead_command_to_the_workers() -> None:
    lane = LaneFactory(is_foreground=True)
    run = planned_run(4, owner=owner_name(lane.pk))

    bury(lane)

    run.refresh_from_db()
    assert run.owner == ""


def test_adopt_orphans_hands_over_runs_whose_command_is_gone() -> None:
    living = LaneFactory(is_foreground=True)
    orphan, kept = planned_run(4, owner="lane 4711"), planned_run(4, owner=owner_name(living.pk))

    assert adopt_orphans() == 1

    assert (Run.objects.get(pk=orphan.pk).owner, Run.objects.get(pk=kept.pk).owner) == ("", owner_name(living.pk))


def test_adopt_orphans_frees_units_whose_lane_vanished() -> None:
    run, lane = planned_run(4), LaneFactory()
    claimed(lane, run)
    lane.delete()

    assert adopt_orphans() == 1

    assert WorkUnit.objects.get().state == "waiting"


def test_bury_of_a_host_takes_its_row_out() -> None:
    host = LaneFactory(kind="host")

    assert bury(host) == 0

    assert not Lane.objects.exists()
