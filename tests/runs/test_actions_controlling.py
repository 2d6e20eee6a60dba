"""Pausing, resuming, cancelling and retrying: what each does in each state, and who may."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionConflict
from experiments.models import Role
from runs.actions import cancel_run, pause_run, resume_run, retry_failed
from runs.lanes.flushing import Batch, Flusher
from runs.lanes.recounting import recount
from runs.live.progress import totals_of
from runs.models import FailedAttempt, Result, Run, RunStatus, Transcript, WorkUnit
from tests.factories import LaneFactory, MembershipFactory, ResultFactory, TranscriptFactory
from tests.runs.jobs import answered
from tests.runs.planned import claimed, jobs_of, planned_run

pytestmark = pytest.mark.django_db

Act = Callable[..., Any]
MOVES: dict[str, Callable[[Run], Any]] = {
    "pending": lambda run: None,
    "running": lambda run: run.begin(),
    "paused": lambda run: run.pause("wait"),
    "completed": lambda run: run.complete(),
    "failed": lambda run: run.fail("broken"),
    "cancelled": lambda run: run.cancel("enough"),
}


def run_that_is(status: str) -> Run:
    """Return a run over four sums with this status."""
    run = planned_run(4)
    MOVES[status](run)
    return run


def with_results(run: Run, *outcomes: str) -> Run:
    """Give a run these results; its unit counts them."""
    _ = [ResultFactory(run=run, ordinal=ordinal, outcome=outcome) for ordinal, outcome in enumerate(outcomes)]
    recount(WorkUnit.objects.get(run=run))
    return run


@pytest.mark.parametrize(
    ("act", "before", "after"),
    [
        (pause_run, "pending", "paused"),
        (pause_run, "running", "paused"),
        (cancel_run, "pending", "cancelled"),
        (cancel_run, "running", "cancelled"),
        (cancel_run, "paused", "cancelled"),
        (resume_run, "paused", "running"),
        (resume_run, "cancelled", "running"),
        (resume_run, "failed", "running"),
    ],
)
def test_action_moves_a_run(act: Act, before: str, after: str) -> None:
    run = run_that_is(before)

    act(run=run, by=None)

    run.refresh_from_db()
    assert run.status == after
    assert (run.completed_at is not None) == run.is_finished


@pytest.mark.parametrize(
    ("act", "status"),
    [
        *[(pause_run, status) for status in ("paused", "completed", "failed", "cancelled")],
        *[(cancel_run, status) for status in ("completed", "failed", "cancelled")],
        *[(resume_run, status) for status in ("pending", "running", "completed")],
        *[(retry_failed, status) for status in MOVES],
    ],
)
def test_action_that_does_not_fit_changes_nothing(act: Act, status: str) -> None:
    run = run_that_is(status)

    with pytest.raises(ActionConflict, match=rf"{run.name} (is {status}|has no failed results): "):
        act(run=run, by=None)

    assert Run.objects.get().status == status


@pytest.mark.parametrize("act", [pause_run, cancel_run, resume_run, retry_failed])
@pytest.mark.parametrize(("role", "may"), [(Role.VIEWER, False), (Role.EDITOR, True), (Role.OWNER, True)])
def test_action_is_for_editors(act: Act, role: Role, may: bool) -> None:
    run = planned_run(1)
    person = MembershipFactory(project=run.experiment.project, role=role).user

    assert is_let(act, run, person) == may


@pytest.mark.parametrize("act", [pause_run, cancel_run, resume_run, retry_failed])
def test_action_by_a_stranger_is_denied(act: Act, stranger: Any) -> None:
    assert not is_let(act, planned_run(1), stranger)


def is_let(act: Act, run: Run, person: Any) -> bool:
    """Return whether this person may do this, whether or not it fits."""
    try:
        act(run=run, by=person)
    except ActionConflict:
        return True
    except PermissionDenied:
        return False
    return True


def test_pause_says_who_paused() -> None:
    run = run_that_is("running")
    person = MembershipFactory(project=run.experiment.project, role=Role.EDITOR, user__username="ada").user

    pause_run(run=run, by=person)

    assert run.status_reason == "paused by ada"


def test_resume_hands_a_run_to_the_workers() -> None:
    run = planned_run(4, owner="lane 4711")
    run.pause("interrupted")

    resume_run(run=run, by=None)

    assert Run.objects.get().owner == ""


def test_resume_of_a_run_that_lacks_nothing_completes_it() -> None:
    run = with_results(run_that_is("paused"), "ok", "ok", "ok", "ok")

    resume_run(run=run, by=None)

    assert Run.objects.get().status == RunStatus.COMPLETED


def test_retry_takes_failed_results_out_and_opens_their_unit() -> None:
    run = with_results(run_that_is("running"), "ok", "timeout", "refused", "provider_error")
    run.complete()

    assert retry_failed(run=run, by=None) == 2

    assert [result.ordinal for result in Result.objects.all()] == [0, 2]
    unit = WorkUnit.objects.get()
    assert (unit.state, unit.ok_count, unit.refused_count, unit.timeout_count) == ("waiting", 1, 1, 0)
    assert Run.objects.get().status == RunStatus.RUNNING
    assert sorted(claimed(LaneFactory(), Run.objects.get()).missing) == [1, 3]


def test_retry_keeps_former_results_as_attempts_with_their_cost() -> None:
    run = run_that_is("running")
    ResultFactory(run=run, ordinal=2, outcome="invalid_output", detail="no JSON", cost_usd=Decimal("0.5"), tokens_in=7)

    retry_failed(run=run, by=None)

    attempt = FailedAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == ("invalid_output", "taken out to be tried again: no JSON")
    assert (attempt.cost_usd, attempt.tokens_in, attempt.count) == (Decimal("0.5"), 7, 0)
    assert totals_of(run).attempts == 0


def test_retry_takes_transcripts_of_failed_results_out() -> None:
    run = run_that_is("running")
    failed = TranscriptFactory(result=ResultFactory(run=run, ordinal=0, outcome="timeout"))
    kept = TranscriptFactory(result=ResultFactory(run=run, ordinal=1))

    retry_failed(run=run, by=None)

    assert failed.pk != kept.pk
    assert list(Transcript.objects.all()) == [kept]


def test_retry_while_a_lane_works_on_the_unit_loses_nothing() -> None:
    run, lane = run_that_is("running"), LaneFactory()
    ResultFactory(run=run, ordinal=0, outcome="timeout")
    held = claimed(lane, run)
    flusher = Flusher(lane.pk, {held.unit_id: held}, unit_done=lambda _: None)

    retry_failed(run=run, by=None)
    flusher.store(Batch([answered(job) for job in jobs_of(run, held)]))

    unit = WorkUnit.objects.get()
    assert (unit.state, unit.ok_count, unit.timeout_count) == ("waiting", 3, 0)
    assert claimed(LaneFactory(), run).missing == {0}


def test_retry_by_the_command_that_runs_keeps_its_ownership() -> None:
    run = with_results(planned_run(4, owner="lane 1"), "ok", "ok", "ok", "timeout")
    run.complete()
    Run.objects.update(owner="lane 2")

    retry_failed(run=run, by=None)

    assert Run.objects.get().owner == "lane 2"
