"""What an experiment measures changed while its runs are there: more is added, less is kept, nothing runs in vain."""

from typing import Any

import pytest

from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment
from runs.actions import lacks_runs, redeclare, start_experiment
from runs.models import Run, WorkUnit
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
