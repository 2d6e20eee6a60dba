"""Answers that a dead lane left on this machine while others made its calls again: they were paid for, and are booked.

So it is when a machine goes away, or is cut off from the database, and its lanes end before they could store what they
had: whoever takes the work over on another machine does not find their answers.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from experiments.storage import insert
from runs.execution import Case, Job, NotedAnswer, RunWork, UnitWork
from runs.lanes.journal import note_tried
from runs.lanes.left_pages import LeftPage, left_pages
from runs.lanes.records import Recorder
from runs.lanes.recounting import recount
from runs.models import FailedAttempt, Result, Run, UnitState, WorkUnit
from runs.models.results import ORDINAL_BITS, ORDINAL_MASK

IDS_AT_ONCE = 500
UNKNOWN = Case(0, "", "", None, {}, ())


def book_late_answers(folder: Path) -> int:
    """Book the answers that came in vain as billed attempts of their results; return how many.

    Of a unit that is not done nothing is booked yet: its next lane may go on from them. A page is removed when the
    database knows all its answers.
    """
    return sum(_book_page(page) for page in left_pages(folder))


def _book_page(page: LeftPage) -> int:
    unknown = _unknown(page)
    booked = {result_id for unit, ids in _by_done_unit(unknown) for result_id in _book(page, unit, ids)}
    if unknown == booked:
        page.path.unlink(missing_ok=True)
    return len(booked)


def _unknown(page: LeftPage) -> set[int]:
    """Return the answers that are no result and no attempt of the database; of runs that are gone none is."""
    runs = {result_id >> ORDINAL_BITS for result_id in page.answers}
    there = set(Run.objects.filter(pk__in=runs).values_list("pk", flat=True))
    ids = sorted(result_id for result_id in page.answers if result_id >> ORDINAL_BITS in there)
    known = {result_id for result_id, at in _rows_of(ids) if at is None or at in page.tried_at[result_id]}
    return set(ids) - known


def _rows_of(ids: list[int]) -> Iterator[tuple[int, datetime | None]]:
    """Yield (result id, time) of each row of these results; None: of a former result that was taken out."""
    for start in range(0, len(ids), IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        yield from Result.objects.filter(pk__in=some).values_list("pk", "finished_at")
        attempts = FailedAttempt.objects.filter(result_id__in=some).values_list("result_id", "made_at", "count")
        for result_id, made_at, count in attempts:
            yield result_id, made_at if count else None


def _by_done_unit(result_ids: Iterable[int]) -> Iterator[tuple[WorkUnit, set[int]]]:
    """Yield each unit that is done with those of these results that are in its range."""
    for run_id, ids in groupby(sorted(result_ids), lambda result_id: result_id >> ORDINAL_BITS):
        left = {result_id & ORDINAL_MASK: result_id for result_id in ids}
        done = WorkUnit.objects.filter(run=run_id, state=UnitState.DONE, first__lte=max(left))
        for unit in done.only("first", "length"):
            within = {left[ordinal] for ordinal in left if unit.first <= ordinal < unit.first + unit.length}
            if within:
                yield unit, within


@transaction.atomic
def _book(page: LeftPage, unit: WorkUnit, result_ids: Collection[int]) -> Collection[int]:
    """Book answers of one unit, under its lock; return those that were booked: none when it was opened again."""
    done = WorkUnit.objects.select_for_update().filter(pk=unit.pk, state=UnitState.DONE).first()
    if done is None:
        return ()
    recorder, now = Recorder(), timezone.now()
    jobs = [_as_job(page.answers[result_id], result_id, now) for result_id in sorted(result_ids)]
    note_tried(page.path, result_ids, now)
    rows = [row for job in jobs for row in (recorder.answer_that_came_second(job), *recorder.attempts_of(job))]
    insert(FailedAttempt, rows)
    recount(done)
    return result_ids


def _as_job(answer: NotedAnswer, result_id: int, now: datetime) -> Job:
    """Return the job of which this was the answer, as far as its rows need it."""
    ordinal = result_id & ORDINAL_MASK
    run, unit = RunWork(result_id >> ORDINAL_BITS, cases=1, config={}), UnitWork(unit_id=0)
    return Job(
        run,
        unit,
        ordinal,
        trial=0,
        case=UNKNOWN,
        outcome=answer.completion.outcome,
        completion=answer.completion,
        cost_usd=answer.cost_usd,
        latency_ms=answer.latency_ms,
        attempts=answer.attempts,
        recorded_at=now,
    )
