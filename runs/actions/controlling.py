"""Pausing, resuming, cancelling and retrying runs."""

from django.db import transaction
from django.utils import timezone

from experiments.actions import ActionConflict
from experiments.models.projects import Person
from experiments.permissions import require
from runs.actions.waking import wake_lanes
from runs.lanes.finishing import finish_if_done
from runs.lanes.recounting import recount, recount_planned
from runs.lanes.takeover import living_owners
from runs.models import FailedAttempt, Result, Run, RunStatus, Transcript, UnitState, WorkUnit
from runs.models.results import result_id_of
from runs.models.runs import PAUSED_BY, RUNNABLE
from runs.outcomes import ERRORS
from runs.signals import results_changed


def pause_run(*, run: Run, by: Person | None) -> None:
    """Let no new call begin; open calls end and are stored. Raises ActionConflict when it does not run."""
    require(by, run.experiment.project, "stop")
    if not run.pause(f"{PAUSED_BY}{by or 'the operator'}"):
        raise ActionConflict(f"{run} is {run.status}: only a pending or running run can be paused.")
    results_changed.send(sender=Run, run=run, is_final=False)


def cancel_run(*, run: Run, by: Person | None) -> None:
    """End a run where it stands; results are kept. Raises ActionConflict when it has ended."""
    require(by, run.experiment.project, "stop")
    if not run.cancel(f"cancelled by {by or 'the operator'}"):
        raise ActionConflict(f"{run} is {run.status}: it has ended already.")
    results_changed.send(sender=Run, run=run, is_final=True)


def resume_run(*, run: Run, by: Person | None) -> None:
    """Go on with a paused, cancelled or failed run. Raises ActionConflict when it runs or has everything."""
    require(by, run.experiment.project, "start")
    if run.status not in (RunStatus.PAUSED, RunStatus.CANCELLED, RunStatus.FAILED):
        raise ActionConflict(f"{run} is {run.status}: only a paused, cancelled or failed run can go on.")
    if run.preparation_id is None and not run.planned_count:
        raise ActionConflict(f"{run} ended before it was planned: start the experiment, and it begins anew.")
    with transaction.atomic():
        go_on(run, owner="")
        wake_lanes()


def retry_failed(*, run: Run, by: Person | None) -> int:
    """Take the failed results out, unit by unit, and run their ordinals again; return how many.

    The former results are kept as attempts; those of trials that count no longer stay. Raises ActionConflict when
    nothing has failed.
    """
    require(by, run.experiment.project, "start")
    run.refresh_from_db()
    first = result_id_of(run.pk, 0)
    units = WorkUnit.objects.counting().filter(run=run).order_by("first")
    count = sum(_reopen(unit, first) for unit in units)
    if not count:
        raise ActionConflict(f"{run} has no failed results: there is nothing to retry.")
    with transaction.atomic():
        go_on(run, owner=run.owner)
        wake_lanes()
    return count


def go_on(run: Run, *, owner: str) -> None:
    """Let a run that stands still go on if results are missing; a run that lacks none is completed.

    `owner` works on it from now on, unless another command that lives does.
    """
    Run.objects.filter(pk=run.pk).exclude(status__in=RUNNABLE, owner__in=living_owners()).update(owner=owner)
    run.refresh_from_db()
    if run.preparation_id is not None and not run.planned_count:
        run.await_preparation()
        return
    recount_planned(run)
    if not WorkUnit.objects.open().counting().filter(run=run).exists():
        _end_if_all_is_there(run)
        return
    _ = run.resume() or run.reopen()


def _end_if_all_is_there(run: Run) -> None:
    """A run whose every unit is done is completed, wherever it stood."""
    if run.status == RunStatus.COMPLETED:
        return
    _ = run.resume() or run.reopen()
    finish_if_done(run.pk)


@transaction.atomic
def _reopen(unit: WorkUnit, run_first: int) -> int:
    """Turn the failed results of one unit into attempts, delete them, and open the unit again."""
    unit = WorkUnit.objects.select_for_update().get(pk=unit.pk)
    first = run_first + unit.first
    failed = list(Result.objects.between(first, first + unit.length).filter(outcome__in=ERRORS))
    if not failed:
        return 0
    FailedAttempt.objects.bulk_create(_as_attempt(result) for result in failed)
    ids = [result.pk for result in failed]
    Transcript.objects.filter(result_id__in=ids).delete()
    Result.objects.filter(pk__in=ids).delete()
    _take_from_its_lane(unit)
    recount(unit)
    return len(failed)


def _take_from_its_lane(unit: WorkUnit) -> None:
    """Free a unit that a lane holds, under a new lease: the lane does not know what is missing now."""
    if unit.state == UnitState.CLAIMED:
        values = {"state": UnitState.WAITING, "lane": None, "open_calls": 0, "lease": unit.lease + 1}
        WorkUnit.objects.filter(pk=unit.pk).update(**values)
        unit.refresh_from_db()


def _as_attempt(result: Result) -> FailedAttempt:
    """Return a former result as the attempt that it was; its calls are attempts already, so it counts none."""
    return FailedAttempt(
        result_id=result.pk,
        outcome=result.outcome,
        detail=f"taken out to be tried again: {result.detail}",
        count=0,
        tokens_in=result.tokens_in,
        tokens_out=result.tokens_out,
        cost_usd=result.cost_usd,
        latency_ms=result.latency_ms,
        made_at=timezone.now(),
    )
