"""Large experiments: case list, templates and plan by a job, in short transactions, whatever happens to it."""

from typing import Any

import pytest
from django.db import connection

from experiments.actions import ActionConflict, ActionRefused
from experiments.actions.case_lists import cases_of
from experiments.models import CaseChunk, CaseList, Experiment, Item
from runs import tasks
from runs.actions import cancel_run, pause_run, prepare, resume_run, start_experiment
from runs.lanes.finishing import finish_if_done
from runs.lanes.takeover import adopt_orphans, owner_name
from runs.models import Preparation, Run, RunStatus, WorkUnit
from tests.factories import LaneFactory
from tests.runs.planned import candidate_at, sums

pytestmark = [pytest.mark.django_db, pytest.mark.both]

SIZE = 2100
LATE = 1500
WRONG = [{"role": "user", "content": "{{ question }}"}]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over 2,100 sums with one candidate."""
    experiment = sums(SIZE)
    candidate_at(experiment)
    return experiment


def start(experiment: Experiment, owner: str = "", **changes: Any) -> Run:
    """Start an experiment after these changes; return its first run."""
    Experiment.objects.filter(pk=experiment.pk).update(name=experiment.name, **changes)
    return start_experiment(experiment=Experiment.objects.get(pk=experiment.pk), by=None, owner=owner).runs[0]


def work_off() -> None:
    """Do what the queue was told to do."""
    tasks.prepare(Preparation.objects.get().pk)


def killed_after(chunks: int) -> None:
    """Prepare until so many chunks are written, then die."""
    written = []

    def beat() -> None:
        written.append(1)
        if len(written) == chunks:
            raise Killed

    with pytest.raises(Killed):
        prepare(preparation=Preparation.objects.get(), beat=beat)


def covered() -> list[int]:
    """Return every planned ordinal."""
    ranges = WorkUnit.objects.order_by("first").values_list("first", "length")
    return [ordinal for first, length in ranges for ordinal in range(first, first + length)]


def test_start_of_a_large_experiment_writes_no_case_in_the_caller(experiment: Experiment) -> None:
    run = start(experiment)

    assert (run.status, run.status_reason, run.planned_count) == ("pending", "preparing: 0 of 2,100 cases", 0)
    assert not CaseChunk.objects.exists()
    assert not WorkUnit.objects.exists()


def test_start_of_a_large_experiment_wakes_the_job(
    experiment: Experiment, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        start(experiment)

    assert len(callbacks) == 1


def test_start_of_2000_cases_plans_at_once() -> None:
    experiment = sums(2000)
    candidate_at(experiment)

    run = start(experiment)

    assert (run.planned_count, Preparation.objects.count()) == (2000, 0)


def test_prepare_writes_the_cases_and_plans_the_runs(experiment: Experiment) -> None:
    run = start(experiment, trials=2)

    work_off()

    run.refresh_from_db()
    assert (run.status, run.status_reason, run.planned_count) == ("pending", "", 2 * SIZE)
    assert covered() == list(range(2 * SIZE))
    ids = list(Item.objects.order_by("position").values_list("pk", flat=True))
    assert [case.item_id for case in cases_of(run.case_list, 0, SIZE)] == ids
    assert not Preparation.objects.exists()


def test_prepare_says_on_the_runs_how_far_it_is(experiment: Experiment) -> None:
    run = start(experiment)

    killed_after(1)

    run.refresh_from_db()
    assert run.status_reason == "preparing: 1,024 of 2,100 cases"


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_prepare_after_a_kill_goes_on(experiment: Experiment, chunks: int) -> None:
    run = start(experiment)
    killed_after(chunks)

    work_off()

    run.refresh_from_db()
    assert (run.planned_count, covered()) == (SIZE, list(range(SIZE)))
    assert [chunk.number for chunk in CaseChunk.objects.order_by("number")] == [0, 1, 2]


def test_prepare_of_what_is_done_does_nothing(experiment: Experiment) -> None:
    start(experiment)
    preparation = Preparation.objects.get()
    work_off()

    assert prepare(preparation=preparation) is False
    tasks.prepare(preparation.pk)

    assert covered() == list(range(SIZE))


def test_prepare_that_was_overtaken_stops(experiment: Experiment) -> None:
    start(experiment)

    done = prepare(preparation=Preparation.objects.get(), beat=lambda: Preparation.objects.get().take())

    assert done is False
    assert Preparation.objects.get().done_count == 1024


def test_prepare_beside_another_one_plans_each_result_once(experiment: Experiment) -> None:
    start(experiment)
    first = Preparation.objects.get()

    done = prepare(preparation=first, beat=lambda: Preparation.objects.exists() and work_off())

    assert done is False
    assert covered() == list(range(SIZE))


def test_prepare_with_a_template_that_fails_ends_the_run_with_the_items_key(experiment: Experiment) -> None:
    Item.objects.filter(key=f"sum-{LATE}").update(input={"question": "1 + 1 = ?"})
    run = start(experiment)

    work_off()

    run.refresh_from_db()
    assert (run.status, run.planned_count) == (RunStatus.FAILED, 0)
    assert f"item sum-{LATE}:" in run.status_reason
    assert (WorkUnit.objects.count(), Preparation.objects.count()) == (0, 0)


def test_start_after_the_template_was_mended_runs(experiment: Experiment) -> None:
    wrong = Item.objects.filter(key=f"sum-{LATE}")
    wrong.update(input={"question": "1 + 1 = ?"})
    start(experiment)
    work_off()
    wrong.update(input="1 + 1 = ?")

    run = start(experiment)
    work_off()

    run.refresh_from_db()
    assert (run.status, run.status_reason, run.planned_count) == ("pending", "", SIZE)


def test_prepare_in_the_foreground_raises_what_does_not_fit(experiment: Experiment) -> None:
    candidate_at(experiment, prompt_version__messages=WRONG)
    start(experiment, owner="lane 1")

    with pytest.raises(ActionRefused, match="sum-0"):
        prepare(preparation=Preparation.objects.get())

    assert set(Run.objects.values_list("status", flat=True)) == {RunStatus.FAILED}


def test_prepare_of_an_experiment_that_was_changed_says_so(experiment: Experiment) -> None:
    run = start(experiment)
    Experiment.objects.update(variables={"more": 1})

    work_off()

    run.refresh_from_db()
    assert (run.status, run.status_reason) == (
        RunStatus.FAILED,
        "The experiment was changed while its start was prepared: start it again.",
    )


def test_cancel_while_preparing_ends_it(experiment: Experiment) -> None:
    run = start(experiment)

    done = prepare(preparation=Preparation.objects.get(), beat=lambda: cancel_run(run=Run.objects.get(), by=None))

    run.refresh_from_db()
    assert (done, run.status, run.status_reason) == (False, RunStatus.CANCELLED, "cancelled by the operator")
    assert (WorkUnit.objects.count(), Preparation.objects.count()) == (0, 0)


def test_cancel_of_one_run_lets_the_other_begin(experiment: Experiment) -> None:
    candidate_at(experiment)
    cancelled = start(experiment)
    cancel_run(run=cancelled, by=None)

    work_off()

    planned = dict(Run.objects.values_list("status", "planned_count"))
    assert planned == {RunStatus.CANCELLED: 0, RunStatus.PENDING: SIZE}


def test_start_after_cancel_prepares_anew(experiment: Experiment) -> None:
    cancel_run(run=start(experiment), by=None)

    run = start(experiment)
    work_off()

    run.refresh_from_db()
    assert (run.status, run.planned_count, run.completed_at) == (RunStatus.PENDING, SIZE, None)


def test_resume_of_a_run_that_was_never_planned_says_what_to_do(experiment: Experiment) -> None:
    run = start(experiment)
    cancel_run(run=run, by=None)

    with pytest.raises(ActionConflict, match="start the experiment, and it begins anew"):
        resume_run(run=Run.objects.get(), by=None)


def test_pause_while_preparing_keeps_it_paused(experiment: Experiment) -> None:
    run = start(experiment)
    pause_run(run=run, by=None)

    work_off()

    run.refresh_from_db()
    assert (run.status, run.status_reason, run.planned_count) == ("paused", "paused by the operator", SIZE)


def test_resume_while_preparing_waits_for_it(experiment: Experiment) -> None:
    run = start(experiment)
    pause_run(run=run, by=None)

    resume_run(run=Run.objects.get(), by=None)

    run.refresh_from_db()
    assert run.status == RunStatus.PENDING
    work_off()
    run.refresh_from_db()
    assert (run.status, run.planned_count) == (RunStatus.PENDING, SIZE)


def test_resume_of_a_run_that_was_paused_while_preparing_says_when_it_started(experiment: Experiment) -> None:
    run = start(experiment)
    pause_run(run=run, by=None)
    work_off()

    resume_run(run=Run.objects.get(), by=None)

    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING
    assert run.started_at is not None


def test_start_again_while_preparing_changes_nothing(experiment: Experiment) -> None:
    start(experiment)
    killed_after(1)

    run = start(experiment)

    assert (Preparation.objects.get().done_count, run.status_reason) == (1024, "preparing: 1,024 of 2,100 cases")


def test_start_with_another_candidate_while_preparing_checks_its_template_from_the_first_case(
    experiment: Experiment,
) -> None:
    start(experiment)
    killed_after(1)
    candidate_at(experiment, prompt_version__messages=WRONG)

    start(experiment)
    work_off()

    assert all("item sum-0:" in run.status_reason for run in Run.objects.all())


def test_start_again_after_it_was_prepared_asks_for_no_job(experiment: Experiment) -> None:
    start(experiment)
    work_off()

    run = start(experiment)

    assert (run.status, Preparation.objects.count(), covered()) == ("pending", 0, list(range(SIZE)))


def test_start_with_more_trials_leaves_a_completed_run_completed_until_they_are_planned(
    experiment: Experiment,
) -> None:
    run = start(experiment)
    work_off()
    WorkUnit.objects.update(state="done")
    Run.objects.get().complete()

    run = start(experiment, trials=2)

    assert (run.status, run.planned_count) == (RunStatus.COMPLETED, SIZE)
    work_off()
    run.refresh_from_db()
    assert (run.status, run.planned_count, covered()) == (RunStatus.RUNNING, 2 * SIZE, list(range(2 * SIZE)))


def test_run_whose_more_trials_are_being_planned_does_not_complete(experiment: Experiment) -> None:
    run = start(experiment)
    work_off()
    run.begin()
    start(experiment, trials=2)
    WorkUnit.objects.update(state="done")

    assert finish_if_done(run.pk) is False


def test_preparation_of_a_dead_command_goes_to_the_workers(experiment: Experiment) -> None:
    start(experiment, owner="lane 4711")

    adopt_orphans()

    assert Preparation.objects.get().owner == ""


def test_start_leaves_the_preparation_to_the_command_that_lives(experiment: Experiment) -> None:
    owner = owner_name(LaneFactory(is_foreground=True).pk)
    start(experiment, owner=owner)

    start(experiment)

    assert Preparation.objects.get().owner == owner


def test_prepare_writes_no_more_than_one_chunk_in_a_statement(experiment: Experiment) -> None:
    start(experiment)
    rows: list[int] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT"):
            rows.append(sql.count("(%s"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work_off()

    assert len(rows) >= 4
    assert max(rows) <= 1000


def test_freeze_case_list_of_a_large_experiment_is_complete(experiment: Experiment) -> None:
    start(experiment)
    work_off()

    assert CaseList.objects.get().is_written
