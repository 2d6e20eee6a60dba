"""Finding what crashes lanes: what a lane worked on is blamed by whoever buries it, and tried alone."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runs.lanes.claims import CaseCache, claim_alone, claim_one
from runs.lanes.notes import Notes
from runs.lanes.takeover import bury
from runs.models import Lane, Run, WorkUnit
from tests.factories import LaneFactory, ResultFactory
from tests.runs.planned import claimed, planned_run


@pytest.fixture
def run(settings: Any, tmp_path: Path, db: None) -> Run:
    """A run whose lanes note in a folder of their own."""
    settings.JOURNAL_DIR = tmp_path
    return planned_run(10)


def die_at(lane: Lane, run: Run, folder: Path, *ordinals: int) -> None:
    """Let a lane die while it worked on these ordinals of a run."""
    notes = Notes(folder, lane.pk)
    with ExitStack() as work:
        _ = [work.enter_context(notes.busy(run.pk << 32 | ordinal)) for ordinal in ordinals]
        bury(lane)


def alone(run: Run, lane: Lane) -> tuple[list[int], bool, bool]:
    """Return what of a run a lane may work on that has nothing else: the ordinals, whether alone, whether given up."""
    ((_, held),) = claim_alone(lane, [run], CaseCache())
    return list(held.cases), held.work.is_alone, held.work.is_given_up


@pytest.mark.both
def test_ordinal_at_which_lanes_died_is_worked_alone_after_two_and_given_up_after_three(
    run: Run, tmp_path: Path
) -> None:
    for ordinals in [(2, 7), (7,)]:
        lane = LaneFactory()
        assert len(claimed(lane, run).cases) == 10
        die_at(lane, run, tmp_path, *ordinals)
    third = LaneFactory()

    assert claim_one(third, run, CaseCache()) is None
    assert alone(run, third) == ([7], True, False)
    die_at(third, run, tmp_path, 7)
    last = LaneFactory()
    assert alone(run, last) == ([7], True, True)

    ResultFactory(run=run, ordinal=7)
    bury(last)
    assert alone(run, LaneFactory()) == ([0, 1, 2, 3, 4, 5, 6, 8, 9], False, False)


@pytest.mark.both
def test_ordinal_given_up_has_one_more_try_when_a_person_asks(run: Run, tmp_path: Path) -> None:
    WorkUnit.objects.update(deaths={"7": 3}, is_suspect=True)
    lane = LaneFactory()
    assert alone(run, lane) == ([7], True, True)
    bury(lane)

    assert alone(run, LaneFactory()) == ([7], True, False)


@pytest.mark.both
def test_deaths_without_a_note_blame_nothing(run: Run) -> None:
    for _ in range(5):
        lane = LaneFactory()
        claimed(lane, run)
        bury(lane)

    assert len(claimed(LaneFactory(), run).cases) == 10
