"""Starting: runs and units are planned, again changes nothing, and more trials or items append."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionRefused
from experiments.actions.candidates import remove_candidate
from experiments.models import Experiment, Role
from runs.actions import start_experiment
from runs.lanes.takeover import owner_name
from runs.models import Run, RunStatus, WorkUnit
from tests.factories import ExperimentFactory, LaneFactory, MembershipFactory
from tests.runs.planned import candidate_at, sums

pytestmark = pytest.mark.django_db


def start(experiment: Experiment, owner: str = "", **changes: Any) -> list[Run]:
    """Start an experiment after these changes."""
    Experiment.objects.filter(pk=experiment.pk).update(name=experiment.name, **changes)
    return start_experiment(experiment=Experiment.objects.get(pk=experiment.pk), by=None, owner=owner).runs


def ranges_of(run: Run) -> list[tuple[int, int]]:
    """Return the ranges of a run's units."""
    return list(WorkUnit.objects.filter(run=run).order_by("first").values_list("first", "length"))


def covered(run: Run) -> list[int]:
    """Return every planned ordinal."""
    return [ordinal for first, length in ranges_of(run) for ordinal in range(first, first + length)]


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over 20 sums with one candidate."""
    experiment = sums(20)
    candidate_at(experiment)
    return experiment


def test_start_plans_a_run_for_each_candidate(experiment: Experiment) -> None:
    second = candidate_at(experiment)

    runs = start(experiment)

    assert [run.candidate for run in runs] == list(experiment.candidates.all())
    assert {run.status for run in runs} == {RunStatus.PENDING}
    assert (runs[1].config_hash, runs[1].config["model"]) == (second.config_hash, second.model)
    assert (runs[0].planned_count, covered(runs[0])) == (20, list(range(20)))


def test_start_again_changes_nothing(experiment: Experiment) -> None:
    (first,) = start(experiment)

    (again,) = start(experiment)

    assert (again, again.status, covered(again)) == (first, RunStatus.PENDING, list(range(20)))


def test_start_with_a_limit_plans_a_prefix(experiment: Experiment) -> None:
    (run,) = start(experiment, item_limit=5)

    assert (run.planned_count, run.case_list.case_count, covered(run)) == (5, 20, list(range(5)))


def test_start_with_a_higher_limit_appends(experiment: Experiment) -> None:
    (before,) = start(experiment, item_limit=5)
    ranges = ranges_of(before)

    (run,) = start(experiment, item_limit=12)

    assert ranges_of(run)[: len(ranges)] == ranges
    assert (run.pk, run.planned_count, covered(run)) == (before.pk, 12, list(range(12)))


def test_start_with_more_trials_appends(experiment: Experiment) -> None:
    start(experiment, item_limit=3)

    (run,) = start(experiment, trials=3)

    assert (run.planned_count, covered(run)) == (9, [0, 1, 2, 20, 21, 22, 40, 41, 42])


def test_start_with_more_of_both_covers_all_once(experiment: Experiment) -> None:
    start(experiment, item_limit=3, trials=2)

    (run,) = start(experiment, item_limit=None, trials=3)

    assert sorted(covered(run)) == list(range(60))


def test_start_with_a_lower_limit_deletes_nothing_and_plans_what_is_below_it(experiment: Experiment) -> None:
    start(experiment)

    (run,) = start(experiment, item_limit=2, trials=1)

    assert (run.planned_count, covered(run)) == (2, list(range(20)))


def test_start_of_a_completed_run_leaves_it_completed(experiment: Experiment) -> None:
    (run,) = start(experiment)
    run.complete()
    WorkUnit.objects.update(state="done")

    (again,) = start(experiment)

    assert again.status == RunStatus.COMPLETED


def test_start_with_more_to_do_reopens_a_completed_run(experiment: Experiment) -> None:
    (run,) = start(experiment, item_limit=5)
    run.complete()
    WorkUnit.objects.update(state="done")

    (again,) = start(experiment, item_limit=9)

    assert (again.status, again.completed_at) == (RunStatus.RUNNING, None)


def test_start_completes_a_run_that_lacked_only_its_end(experiment: Experiment) -> None:
    (run,) = start(experiment)
    run.begin()
    WorkUnit.objects.update(state="done")

    (again,) = start(experiment)

    assert again == run
    assert Run.objects.get().status == RunStatus.COMPLETED


@pytest.mark.parametrize("end", ["pause", "cancel", "fail"])
def test_start_lets_a_run_that_stands_still_go_on(experiment: Experiment, end: str) -> None:
    (run,) = start(experiment)
    getattr(run, end)("enough")

    (again,) = start(experiment)

    assert (again.status, again.status_reason) == (RunStatus.RUNNING, "")


def test_start_in_the_foreground_takes_over_what_a_dead_command_owned(experiment: Experiment) -> None:
    (run,) = start(experiment, owner="lane 4711")
    run.begin()

    (again,) = start(experiment, owner="lane 4712")

    assert (again.owner, again.status) == ("lane 4712", RunStatus.RUNNING)


def test_start_in_the_foreground_takes_a_running_run_from_the_workers(experiment: Experiment) -> None:
    (run,) = start(experiment)
    run.begin()

    (again,) = start(experiment, owner="lane 4712")

    assert again.owner == "lane 4712"


def test_start_leaves_a_run_to_the_living_command_that_works_on_it(experiment: Experiment) -> None:
    owner = owner_name(LaneFactory(is_foreground=True).pk)
    (run,) = start(experiment, owner=owner)
    run.begin()

    (again,) = start(experiment, owner="lane 4712")

    assert again.owner == owner


def test_start_of_a_removed_candidate_plans_nothing(experiment: Experiment) -> None:
    kept = candidate_at(experiment)
    remove_candidate(candidate=experiment.candidates.exclude(pk=kept.pk).get(), by=None)

    assert [run.candidate for run in start(experiment)] == [kept]


@pytest.mark.parametrize(
    ("items", "sentence"), [(0, "no item of .* is left by the selection"), (3, "has no candidates")]
)
def test_start_with_nothing_to_run_is_refused(items: int, sentence: str) -> None:
    experiment = sums(items)
    _ = items or candidate_at(experiment)

    with pytest.raises(ActionRefused, match=sentence):
        start(experiment)

    assert not Run.objects.exists()


def test_start_without_a_dataset_is_refused() -> None:
    experiment = ExperimentFactory()
    candidate_at(experiment)

    with pytest.raises(ActionRefused, match="only ad-hoc runs can be started in it"):
        start(experiment)


def test_start_with_a_template_that_fits_no_item_is_refused(experiment: Experiment) -> None:
    candidate_at(experiment, prompt_version__messages=[{"role": "user", "content": "{{ question }}"}])

    with pytest.raises(ActionRefused, match="sum-0"):
        start(experiment)

    assert not Run.objects.exists()


@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, False), (Role.EDITOR, True), (Role.OWNER, True)])
def test_start_is_for_editors(experiment: Experiment, role: Role, may: bool) -> None:
    person = MembershipFactory(project=experiment.project, role=role).user

    assert started_by(experiment, person) == may


def started_by(experiment: Experiment, person: Any) -> bool:
    """Return whether this person may start the experiment."""
    try:
        start_experiment(experiment=experiment, by=person)
    except PermissionDenied:
        return False
    return True


def test_start_by_a_stranger_is_denied(experiment: Experiment, stranger: Any) -> None:
    assert not started_by(experiment, stranger)


def test_start_wakes_the_workers_once_it_is_committed(
    experiment: Experiment, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        start(experiment)

    assert len(callbacks) == 1


def test_start_in_the_foreground_wakes_nobody(experiment: Experiment, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        start(experiment, owner="lane 1")

    assert callbacks == []
