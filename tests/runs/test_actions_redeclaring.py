"""What an experiment measures changed while its runs are there: more is added, less is kept, nothing runs in vain."""

from typing import Any

import pytest

from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment
from runs.actions import lacks_runs, redeclare, resume_run, start_experiment
from runs.lanes.claims import CaseCache, claim_one, claimable_runs
from runs.lanes.finishing import finish_if_done
from runs.lanes.recounting import recount
from runs.models import Run, WorkUnit
from tests.factories import LaneFactory, ResultFactory
from tests.runs.planned import planned_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """A run over four sums that has ended."""
    made = planned_run(4)
    WorkUnit.objects.update(state="done")
    Run.objects.update(status="completed", completed_at=made.created_at, started_at=made.created_at)
    made.refresh_from_db()
    return made


def changed(run: Run, **changes: Any) -> Experiment:
    redeclare(experiment=run.experiment, changes=changes, by=None)
    return Experiment.objects.get(pk=run.experiment_id)


def test_more_trials_start_what_is_missing_and_no_more(run: Run) -> None:
    experiment = changed(run, trials=3)
    was_lacking = lacks_runs(experiment)

    started = start_experiment(experiment=experiment, by=None).runs

    open_units = WorkUnit.objects.open().filter(run=run)
    assert was_lacking
    assert [one.pk for one in started] == [run.pk]
    assert sum(unit.length for unit in open_units) == 8
    assert not lacks_runs(experiment)


def test_fewer_trials_keep_the_plan_and_need_nothing(run: Run) -> None:
    changed(run, trials=3)
    start_experiment(experiment=Experiment.objects.get(), by=None)
    Run.objects.update(status="paused", status_reason="by somebody")

    experiment = changed(run, trials=1)

    run.refresh_from_db()
    assert (experiment.trials, run.trials, run.planned_count) == (1, 3, 12)
    assert not lacks_runs(experiment)


def test_other_items_are_another_run_and_the_former_is_kept(run: Run) -> None:
    experiment = changed(run, select={"keys": ["sum-1", "sum-3"]})

    started = start_experiment(experiment=experiment, by=None).runs

    assert [one.planned_count for one in started] == [2]
    assert started[0].pk != run.pk
    assert Run.objects.filter(pk=run.pk, status="completed").exists()


@pytest.mark.parametrize("changes", [{"trials": 1}, {"select": {"limit": 2}}, {"select": {"keys": ["sum-0"]}}])
def test_less_or_other_than_a_run_is_working_on_is_refused(run: Run, changes: dict[str, Any]) -> None:
    changed(run, trials=2)
    Run.objects.update(status="running", completed_at=None)

    with pytest.raises(ActionConflict, match=r"1 run of .* pause or cancel what runs"):
        redeclare(experiment=run.experiment, changes=changes, by=None)

    assert Experiment.objects.get().trials == 2
    assert Experiment.objects.get().selection == {}


def test_more_than_a_run_is_working_on_is_added(run: Run) -> None:
    Run.objects.update(status="running", completed_at=None)

    assert changed(run, trials=2).trials == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"select": {"limit": 0}}, "select.limit: write a whole number of at least 1"),
        ({"select": {"limit": 1, "sample": 1}}, "limit or sample, one of the two"),
        ({"select": {"tag": "x"}}, 'unknown key; did you mean "tags"'),
        ({"select": {"tags": ["x"]}}, 'bears the tag "x"'),
        ({"select": {"split": "x"}}, "no item of .* is left"),
        ({"select": ["x"]}, "write an object"),
        ({"require": [{"scorer": "corect", "at_least": 1}]}, 'did you mean "correct"'),
        ({"require": [{"scorer": "correct"}]}, "at_least, at_most or both"),
        ({"require": [{"candidate": "nobody", "metric": "score", "at_least": 1}]}, 'no candidate "nobody"'),
        ({"max_errors": "200%"}, "a share like"),
        ({"trials": 0}, "from 1 to 100"),
        ({"trials": True}, "from 1 to 100"),
        ({"tags": [" "]}, "tags are at most"),
        ({"baseline": 1}, "cannot be changed"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_changes(run: Run, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        redeclare(experiment=run.experiment, changes={"name": "other", **changes}, by=None)

    assert Experiment.objects.get().name == run.experiment.name


def stored(run: Run, first: int, end: int) -> None:
    """Store the results of these ordinals; their units count them."""
    _ = [ResultFactory(run=run, ordinal=ordinal) for ordinal in range(first, end)]
    _ = [recount(unit) for unit in WorkUnit.objects.filter(run=run)]


@pytest.fixture
def lowered() -> Run:
    """A paused run over four sums, of three trials: six results are there when one trial is asked for."""
    run = planned_run(4, trials=3)
    stored(run, 0, 2)
    stored(run, 4, 8)
    run.pause("by somebody")
    changed(run, trials=1)
    return Run.objects.get()


@pytest.mark.both
def test_continued_run_works_on_no_trial_that_counts_no_longer(lowered: Run) -> None:
    lane = LaneFactory()

    resume_run(run=lowered, by=None)
    held = [claim_one(lane, run, CaseCache()) for run in (*claimable_runs(""), lowered)]

    lowered.refresh_from_db()
    assert [set(unit.cases) if unit else unit for unit in held] == [{2, 3}, None]
    assert list(claimable_runs("")) == []
    assert lowered.planned_count == 8


@pytest.mark.both
def test_run_ends_when_all_that_counts_is_there_and_more_trials_go_on_with_the_rest(lowered: Run) -> None:
    resume_run(run=lowered, by=None)
    stored(lowered, 2, 4)

    is_completed = finish_if_done(lowered.pk)
    was_lacking = lacks_runs(Experiment.objects.get())
    experiment = changed(lowered, trials=3)
    is_lacking = lacks_runs(experiment)
    start_experiment(experiment=experiment, by=None)

    lowered.refresh_from_db()
    held = claim_one(LaneFactory(), lowered, CaseCache())
    assert (is_completed, was_lacking, is_lacking) == (True, False, True)
    assert (lowered.status, lowered.planned_count) == ("running", 12)
    assert held is not None
    assert set(held.cases) == {8, 9, 10, 11}


def test_continued_run_that_has_all_that_counts_is_completed(lowered: Run) -> None:
    stored(lowered, 2, 4)

    resume_run(run=lowered, by=None)

    lowered.refresh_from_db()
    assert (lowered.status, lowered.planned_count) == ("completed", 8)


@pytest.fixture
def shortened() -> Run:
    """A paused run over 40 sums in units of 16, with five results, of which twenty items are asked for now."""
    run = planned_run(40)
    _ = [stored(run, ordinal, ordinal + 1) for ordinal in (16, 17, 18, 25, 33)]
    run.pause("by somebody")
    changed(run, select={"limit": 20})
    return Run.objects.get()


@pytest.mark.both
def test_continued_run_works_on_no_item_beyond_a_lowered_limit(shortened: Run) -> None:
    lane = LaneFactory()

    resume_run(run=shortened, by=None)
    held = [claim_one(lane, shortened, CaseCache()) for _ in range(3)]

    shortened.refresh_from_db()
    assert [set(unit.cases) if unit else unit for unit in held] == [set(range(16)), {19}, None]
    assert list(claimable_runs("")) == []
    assert shortened.planned_count == 20 + 2


@pytest.mark.both
def test_run_ends_when_all_below_a_lowered_limit_is_there_and_a_higher_one_goes_on_with_the_rest(
    shortened: Run,
) -> None:
    resume_run(run=shortened, by=None)
    stored(shortened, 0, 16)
    stored(shortened, 19, 20)

    is_completed = finish_if_done(shortened.pk)
    was_lacking = lacks_runs(Experiment.objects.get())
    experiment = changed(shortened, select={"limit": 30})
    is_lacking = lacks_runs(experiment)
    start_experiment(experiment=experiment, by=None)

    shortened.refresh_from_db()
    held = claim_one(LaneFactory(), shortened, CaseCache())
    assert (is_completed, was_lacking, is_lacking) == (True, False, True)
    assert (shortened.status, shortened.planned_count) == ("running", 30 + 1)
    assert held is not None
    assert set(held.cases) == {20, 21, 22, 23, 24, 26, 27, 28, 29}


@pytest.mark.both
def test_unit_that_was_parted_at_a_limit_is_not_claimed_by_who_read_it_before(shortened: Run) -> None:
    _, read, _ = WorkUnit.objects.filter(run=shortened).order_by("first")

    resume_run(run=shortened, by=None)

    counts = [(unit.first, unit.length, unit.ok_count) for unit in WorkUnit.objects.filter(run=shortened)]
    assert not read.claim(LaneFactory())
    assert counts == [(0, 16, 0), (16, 4, 3), (20, 12, 1), (32, 8, 1)]
