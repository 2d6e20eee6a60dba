"""Taking over from the dead: their units are free again, the calls that were open are booked as possibly billed."""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from runs.lanes.notes import Noted, forget_notes, noted_of
from runs.lanes.recounting import recount
from runs.lanes.suspects import has_suspect, with_deaths
from runs.models import Billed, FailedAttempt, Lane, Preparation, Run, UnitState, WorkUnit
from runs.models.results import result_id_of
from runs.sessions import end_sessions_of


def bury(lane: Lane) -> int:
    """Free what a dead lane held, and take its row out; return how many units are free again.

    Its share of the providers' limits goes with the row. Runs of a dead foreground command go to the workers. What its
    process was in the middle of in the database is ended first: it may hold the locks of its units. Who dies in the
    middle of this leaves the rest, and the notes of the dead, to the next.
    """
    end_sessions_of(lane.host, lane.pid)
    units = list(WorkUnit.objects.filter(lane=lane, state=UnitState.CLAIMED))
    noted = noted_of(settings.JOURNAL_DIR, lane.pk)
    for unit in units:
        _free(unit, lane.pk, noted)
    Run.objects.filter(owner=owner_name(lane.pk)).update(owner="")
    Preparation.objects.filter(owner=owner_name(lane.pk)).update(owner="")
    Lane.objects.filter(pk=lane.pk).delete()
    forget_notes(settings.JOURNAL_DIR, lane.pk)
    return len(units)


def owner_name(lane_id: int) -> str:
    """Return what `Run.owner` says of the runs of a foreground command."""
    return f"lane {lane_id}"


def living_owners() -> list[str]:
    """Return what `Run.owner` says of the runs of every command that lives."""
    return [owner_name(pk) for pk in Lane.objects.lanes().values_list("pk", flat=True)]


def adopt_orphans() -> int:
    """Give runs whose foreground command is gone to the workers, and free units that no lane holds; return how many."""
    living = living_owners()
    adopted: int = Run.objects.active().exclude(owner="").exclude(owner__in=living).update(owner="")
    Preparation.objects.exclude(owner="").exclude(owner__in=living).update(owner="")
    freed: int = WorkUnit.objects.filter(state=UnitState.CLAIMED, lane=None).update(state=UnitState.WAITING)
    return adopted + freed


@transaction.atomic
def _free(unit: WorkUnit, lane_id: int, noted: Noted) -> None:
    """Free one unit under its lock; its lease is raised, so that a lane that lives after all notices."""
    held = WorkUnit.objects.select_for_update().filter(pk=unit.pk, lane_id=lane_id, state=UnitState.CLAIMED).first()
    if held is None:
        return
    _book_open_calls(held, noted)
    held.deaths = with_deaths(held.deaths, _ordinals_in(held, noted.worked))
    WorkUnit.objects.filter(pk=unit.pk).update(
        state=UnitState.WAITING,
        lane=None,
        open_calls=0,
        lease=held.lease + 1,
        crash_count=held.crash_count + 1,
        deaths=held.deaths,
        is_suspect=has_suspect(held.deaths),
    )
    held.refresh_from_db()
    recount(held)


def _ordinals_in(unit: WorkUnit, result_ids: Collection[int]) -> set[int]:
    """Return which ordinals of a unit these results are."""
    first = result_id_of(unit.run_id, unit.first)
    return {unit.first + result_id - first for result_id in result_ids if 0 <= result_id - first < unit.length}


def _book_open_calls(unit: WorkUnit, noted: Noted) -> None:
    """Book the calls that were open: each at its result; of a lane of another machine as many as it said last."""
    first = result_id_of(unit.run_id, unit.first)
    if noted.called is None:
        counts = {first: unit.open_calls} if unit.open_calls else {}
    else:
        counts = dict.fromkeys((first + ordinal - unit.first for ordinal in _ordinals_in(unit, noted.called)), 1)
    FailedAttempt.objects.bulk_create(
        FailedAttempt(
            result_id=result_id,
            detail="open when its worker died; the provider may have billed it",
            billed=Billed.POSSIBLY,
            count=count,
            made_at=timezone.now(),
        )
        for result_id, count in counts.items()
    )
