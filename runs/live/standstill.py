"""Why a run stands still although nothing in the database says so: its lanes cannot write there."""

from django.conf import settings

from runs.lanes.notes import said_by
from runs.models import Run, UnitState, WorkUnit
from runs.models.runs import RUNNABLE


def standstill_of(run: Run) -> str:
    """Return why a run stands still or waits; "": it does not. What lanes of other machines lack is in their logs."""
    if run.reason or run.status not in RUNNABLE:
        return run.reason
    held = WorkUnit.objects.filter(run=run, state=UnitState.CLAIMED)
    lanes = held.order_by().values_list("lane_id", flat=True).distinct()
    said = next((said for lane in lanes if lane and (said := said_by(settings.JOURNAL_DIR, lane))), "")
    return f"waits, nothing is lost: {said}" if said else ""
