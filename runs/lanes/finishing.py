"""What a run comes to: its scores summed up while it goes on, and its status once its last unit is done."""

from django.db.models import Exists, OuterRef, Q

from runs.lanes.recounting import recount_planned
from runs.models import Run, WorkUnit
from runs.signals import results_changed


def finish_if_done(run_id: int) -> bool:
    """Complete the run if every unit is done; return whether it was completed here. Safe to call at any time."""
    open_units = WorkUnit.objects.open().counting().filter(run=OuterRef("pk"))
    if Run.objects.filter(Exists(open_units), pk=run_id).exists():
        return False
    runs = Run.objects.runnable().filter(pk=run_id, preparation=None).select_related("experiment")
    run: Run | None = runs.first()
    if run is None:
        return False
    recount_planned(run)
    results_changed.send(sender=Run, run=run, is_final=True)
    return run.complete(unless=Exists(open_units) | Q(preparation__isnull=False))


def sum_up_so_far(run_id: int) -> None:
    """Have the scores of a run that has not ended summed up, so that boards can show them."""
    run: Run | None = Run.objects.active().filter(pk=run_id).first()
    if run is not None:
        results_changed.send(sender=Run, run=run, is_final=False)
