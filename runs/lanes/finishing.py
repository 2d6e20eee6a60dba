"""What a run comes to: its scores summed up while it goes on, and its status once its last unit is done."""

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


def sum_up_so_far(run_id: int) -> None:
    """Have the scores of a run that has not ended summed up, so that boards can show them."""
    run: Run | None = Run.objects.active().filter(pk=run_id).first()
    if run is not None:
        results_changed.send(sender=Run, run=run, is_final=False)
