"""Ending a run: when its last unit is done, its scores are summed up and its status says so."""

from runs.models import Run, WorkUnit
from runs.signals import results_changed


def finish_if_done(run_id: int) -> bool:
    """Complete the run if every unit is done; return whether it was completed here. Safe to call at any time."""
    if WorkUnit.objects.open().filter(run_id=run_id).exists():
        return False
    run: Run | None = Run.objects.runnable().filter(pk=run_id, preparation=None).first()
    if run is None:
        return False
    results_changed.send(sender=Run, run=run, is_final=True)
    return run.complete(if_done=True)
