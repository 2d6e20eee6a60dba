"""Storing what a lane finished: one transaction for results, transcripts, scores, attempts and the units' counters.

The key alone makes results exactly-once; the lease only saves calls. A flush that holds its leases takes the
fast path. One that lost a lease, or meets a key that is there, inserts what is missing and counts the stored
rows anew; an answer that came second is kept as a billed attempt.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field

from django.db import DatabaseError, OperationalError, models, transaction
from django.utils import timezone

from experiments.storage import Row, insert, insert_missing
from runs.execution import RUNNER_ERROR, Job
from runs.lanes.claims import HeldUnit, tally_of
from runs.lanes.records import Recorder, Rows, count, count_attempts, counters_of
from runs.lanes.recounting import recount
from runs.models import FailedAttempt, Result, Transcript, UnitState, WorkUnit
from runs.news import Teller

UNSTORABLE = (DatabaseError, ValueError, TypeError, ArithmeticError)
"""What a database or its driver says of data that it cannot take (ArithmeticError: numbers too large for it)."""


class LeaseLost(Exception):
    """Another lane holds one of the units by now."""


@dataclass(slots=True)
class Batch:
    """What is to be stored at once."""

    finished: list[Job] = field(default_factory=list)
    given_up: list[Job] = field(default_factory=list)
    """Jobs without a result whose attempts are to be kept."""

    @property
    def jobs(self) -> list[Job]:
        """All of them."""
        return self.finished + self.given_up

    def record(self) -> list[Job]:
        """Give the jobs that have none the time of their rows and return them; the others were tried before."""
        new, now = [job for job in self.jobs if not job.recorded_at], timezone.now()
        for job in new:
            job.recorded_at = now
        return new

    def without(self, jobs: Set[Job]) -> "Batch":
        """Return the batch without these jobs."""
        return Batch(*([job for job in kept if job not in jobs] for kept in (self.finished, self.given_up)))

    def halves(self) -> Iterator["Batch"]:
        """Yield the two halves of a batch of at least two jobs."""
        middle = len(self.jobs) // 2
        cut = max(0, middle - len(self.finished))
        yield Batch(self.finished[:middle], self.given_up[:cut])
        yield Batch(self.finished[middle:], self.given_up[cut:])


class Flusher:
    """Writes the batches of one lane; used by its database thread only."""

    def __init__(
        self,
        lane_id: int,
        units: dict[int, HeldUnit],
        *,
        unit_done: Callable[[int], None],
        storing: Callable[[list[Job]], None] = lambda _jobs: None,
    ) -> None:
        """`unit_done` is told the run's id when a unit is complete, `storing` what is tried next; they do not raise."""
        self._lane_id, self._unit_done, self._storing = lane_id, unit_done, storing
        self._units = units
        self._recorder, self._teller = Recorder(), Teller()

    def store(self, batch: Batch) -> None:
        """Store a batch, whatever it takes; afterwards the held units know what is missing still.

        Raises OperationalError while the database cannot be reached or is full: nothing is lost, try again.
        """
        new = batch.record()
        self._storing(new)
        try:
            self._store_fast(batch) if len(new) == len(batch.jobs) else self._store_carefully(batch)
        except OperationalError:
            raise
        except (LeaseLost, *UNSTORABLE):
            self._store_carefully(batch)

    def _store_fast(self, batch: Batch) -> None:
        touched = self._count(batch)
        rows, attempts = self._recorder.rows_of(batch.finished), self._attempts(batch.given_up)
        with transaction.atomic():  # in which others wait: what can be done before it is
            done = self._write_counters(touched, batch)
            self._teller.tell()
            self._write(rows, attempts)
        for job in batch.finished:
            self._units[job.unit.unit_id].missing.discard(job.ordinal)
        for unit_id in done:
            self._unit_done(self._units.pop(unit_id).run_id)

    def _count(self, batch: Batch) -> set[int]:
        """Add the jobs to the tallies of their units; return the units."""
        touched = {self._held(job).unit_id for job in batch.jobs}
        for job in batch.finished:
            count(self._units[job.unit.unit_id].tally, job)
        for job in batch.given_up:
            count_attempts(self._units[job.unit.unit_id].tally, job)
        return touched

    def _held(self, job: Job) -> HeldUnit:
        held = self._units.get(job.unit.unit_id)
        if held is None:
            raise LeaseLost
        return held

    def _write_counters(self, touched: set[int], batch: Batch) -> set[int]:
        """Write the counters under the leases and return the units that are done by this batch."""
        stored: dict[int, set[int]] = defaultdict(set)
        for job in batch.finished:
            stored[job.unit.unit_id].add(job.ordinal)
        done = {unit_id for unit_id in touched if not self._units[unit_id].missing - stored[unit_id]}
        for unit_id in touched:
            held = self._units[unit_id]
            values = {**counters_of(held.tally), "open_calls": held.work.open_calls}
            if unit_id in done:
                values |= {"state": UnitState.DONE, "lane": None, "open_calls": 0}
            if not WorkUnit.objects.held(self._lane_id, held.lease).filter(pk=unit_id).update(**values):
                raise LeaseLost
        return done

    def _attempts(self, jobs: Iterable[Job]) -> list[Row]:
        return [row for job in jobs for row in self._recorder.attempts_of(job)]

    @staticmethod
    def _write(rows: Rows, attempts: Sequence[Row] = ()) -> None:
        insert(Result, rows.results)
        insert(Transcript, rows.transcripts)
        insert(FailedAttempt, [*rows.attempts, *attempts])
        by_model: dict[type[models.Model], list[Row]] = defaultdict(list)
        for model, row in rows.scores:
            by_model[model].append(row)
        for model, score_rows in by_model.items():
            insert(model, score_rows)

    def _store_missing(self, batch: Batch) -> None:
        """Insert what nobody stored yet; what came second becomes an attempt; then count the rows anew."""
        with transaction.atomic():
            new = batch.without(_stored_before(batch))
            written = insert_missing(Result, self._recorder.rows_of(new.finished).results)
            fresh = [job for job in new.finished if job.result_id in written]
            second = [job for job in new.finished if job.result_id not in written]
            rest = self._recorder.rows_of(fresh)
            rest.results = []
            answers = [self._recorder.answer_that_came_second(job) for job in second if _was_paid(job)]
            self._write(rest, [*answers, *self._attempts([*second, *new.given_up])])
            done_runs = self._recount({job.unit.unit_id for job in batch.jobs})
        for job in batch.finished:
            if job.unit.unit_id in self._units:
                self._units[job.unit.unit_id].missing.discard(job.ordinal)
        for run_id in done_runs:
            self._unit_done(run_id)

    def _recount(self, unit_ids: Iterable[int]) -> set[int]:
        """Count the units' rows anew and return the runs of those that are complete."""
        done_runs = set()
        for unit in WorkUnit.objects.select_for_update().filter(pk__in=unit_ids).order_by("pk"):
            is_done = recount(unit)
            held = self._units.get(unit.pk)
            still_ours = unit.lane_id == self._lane_id and held is not None and held.lease == unit.lease
            if held is not None and still_ours and not is_done:
                held.tally = tally_of(unit)
            else:
                self._units.pop(unit.pk, None)
            if is_done:
                done_runs.add(unit.run_id)
        return done_runs

    def _store_carefully(self, batch: Batch) -> None:
        """Store what is missing; halve a batch that is refused for its data until the bad job is alone: an error.

        The units' tallies may hold the bad job by now: every half counts its units' rows anew.
        """
        try:
            self._store_missing(batch)
        except OperationalError:
            raise
        except UNSTORABLE as error:
            if len(batch.jobs) == 1:
                self._store_missing(_without_what_is_refused(batch, error))
                return
            for half in batch.halves():
                self._store_carefully(half)


def _stored_before(batch: Batch) -> set[Job]:
    """Return the jobs whose rows are there: a commit may succeed although its confirmation is lost."""
    ids = [job.result_id for job in batch.jobs]
    results = dict(Result.objects.filter(pk__in=ids).values_list("pk", "finished_at"))
    attempts = set(FailedAttempt.objects.filter(result_id__in=ids).values_list("result_id", "made_at"))
    stored = {job for job in batch.finished if results.get(job.result_id) == job.recorded_at}
    return stored | {job for job in batch.given_up if (job.result_id, job.recorded_at) in attempts}


def _without_what_is_refused(batch: Batch, error: Exception) -> Batch:
    """Return a batch of one job as what can be stored of it: a `runner_error`; of a job given up only its unit."""
    return Batch([_unstorable(job, error) for job in batch.finished], [_bare(job) for job in batch.given_up])


def _unstorable(job: Job, error: Exception) -> Job:
    """Return the job as a `runner_error` without what the database refused."""
    bare = _bare(job)
    bare.end(RUNNER_ERROR, f"the answer could not be stored: {type(error).__name__}: {error}")
    return bare


def _bare(job: Job) -> Job:
    return Job(
        job.run,
        job.unit,
        job.ordinal,
        job.trial,
        job.case,
        job.variant,
        call_count=job.call_count,
        recorded_at=job.recorded_at,
    )


def _was_paid(job: Job) -> bool:
    return job.completion is not None and job.reused_from is None
