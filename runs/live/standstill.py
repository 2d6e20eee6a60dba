"""Why runs stand still although nothing in the database says so: their lanes cannot write there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.conf import settings

from runs.lanes.notes import sayings
from runs.models import Lane, Run, UnitState, WorkUnit
from runs.models.runs import RUNNABLE


def standstill_of(run: Run) -> str:
    """Return why a run stands still or waits; "": it does not. What lanes of other machines lack is in their logs."""
    return standstills_of([run]).get(run.pk, "")


def standstills_of(runs: Iterable[Run]) -> dict[int, str]:
    """Return the same of many runs, by their ids; those that go on are left out. No query while all lanes are well."""
    reasons = {run.pk: run.reason for run in runs}
    waits = waits_of([run.pk for run in runs if run.status in RUNNABLE and not reasons[run.pk]])
    return {run_id: reason for run_id, reason in {**reasons, **waits}.items() if reason}


def waits_of(run_ids: Collection[int]) -> dict[int, str]:
    """Return what keeps runnable runs waiting, by their ids: what their lanes cannot do; of a run without, any lane."""
    said = _said_by_living() if run_ids else {}
    if not said:
        return {}
    held = WorkUnit.objects.filter(run__in=run_ids, state=UnitState.CLAIMED).order_by()
    lanes_of: dict[int, set[int]] = defaultdict(set)
    for run_id, lane_id in held.values_list("run_id", "lane_id").distinct():
        lanes_of[run_id].add(lane_id)
    words = {run_id: next((said[lane] for lane in lanes_of[run_id] or said if lane in said), "") for run_id in run_ids}
    return {run_id: f"waits, nothing is lost: {word}" for run_id, word in words.items() if word}


def _said_by_living() -> Mapping[int, str]:
    """Return what lanes of this machine that have a row cannot do, by their ids."""
    said = sayings(settings.JOURNAL_DIR)
    living = set(Lane.objects.filter(pk__in=said).values_list("pk", flat=True)) if said else set()
    return {lane_id: word for lane_id, word in said.items() if lane_id in living}
