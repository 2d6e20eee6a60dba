"""Storing batches: in one transaction, exactly once whoever else stores, with counters that hold."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError

from runs.execution import Attempt, Job
from runs.lanes.flushing import Batch, Flusher
from runs.live.progress import totals_of
from runs.models import FailedAttempt, Lane, Result, Run, Transcript, WorkUnit
from runs.models.results import result_id_of
from tests.factories import LaneFactory, ResultFactory
from tests.runs.jobs import answered
from tests.runs.planned import claimed, jobs_of, planned_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


@dataclass
class Storing:
    """A lane that holds one unit of a run, its jobs, and what its flusher told."""

    run: Run
    lane: Lane = field(default_factory=LaneFactory)
    done: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = claimed(self.lane, self.run)
        self.jobs = jobs_of(self.run, self.held)
        self.units = {self.held.unit_id: self.held}
        self.flusher = Flusher(self.lane.pk, self.units, unit_done=self.done.append)

    @property
    def unit(self) -> WorkUnit:
        """The unit as it is stored."""
        return WorkUnit.objects.get(pk=self.held.unit_id)

    def store(self, *jobs: Job, given_up: tuple[Job, ...] = ()) -> None:
        """Store a batch."""
        self.flusher.store(Batch(list(jobs), list(given_up)))


@pytest.fixture
def storing() -> Storing:
    """A lane with the only unit of a run of 4."""
    return Storing(planned_run(4))


def failed_call(**values: Any) -> Attempt:
    """Return an attempt that a provider answered with a 500."""
    return Attempt(
        **{"outcome": "provider_error", "detail": "", "status": 500, "billed": "no", "latency_ms": 3} | values
    )


def test_store_writes_results_transcripts_and_attempts(storing: Storing) -> None:
    job = answered(storing.jobs[0], attempts=[failed_call()])

    storing.store(job)

    result = Result.objects.get()
    assert (result.pk, result.outcome, result.preview, result.cost_usd) == (job.result_id, "ok", "4", Decimal("0.005"))
    assert (result.tokens_in, result.tokens_out, result.latency_ms) == (3, 2, 120)
    assert Transcript.objects.get().body == job.transcript
    assert FailedAttempt.objects.get().result_id == job.result_id


def test_store_counts_in_the_unit(storing: Storing) -> None:
    failed = storing.jobs[1]
    failed.end("timeout", "no answer")

    storing.store(answered(storing.jobs[0], attempts=[failed_call()]), failed)

    unit = storing.unit
    assert (unit.ok_count, unit.timeout_count, unit.attempt_count) == (1, 1, 1)
    assert (unit.tokens_in, unit.tokens_out, unit.cost_usd) == (3, 2, Decimal("0.005"))
    assert (unit.state, storing.done) == ("claimed", [])


def test_store_in_pieces_counts_like_in_one(storing: Storing) -> None:
    storing.store(answered(storing.jobs[0]))
    storing.store(answered(storing.jobs[1]), answered(storing.jobs[2]))

    assert storing.unit.ok_count == 3
    assert storing.held.missing == {3}


def test_store_of_the_last_job_ends_the_unit(storing: Storing) -> None:
    storing.store(*map(answered, storing.jobs))

    unit = storing.unit
    assert (unit.state, unit.lane, unit.ok_count, unit.open_calls) == ("done", None, 4, 0)
    assert (storing.done, storing.units) == ([storing.run.pk], {})


def test_store_keeps_attempts_of_jobs_without_a_result(storing: Storing) -> None:
    storing.jobs[0].attempts = [failed_call(), failed_call(billed="possibly")]

    storing.store(given_up=(storing.jobs[0],))

    assert not Result.objects.exists()
    assert [attempt.billed for attempt in FailedAttempt.objects.all()] == ["no", "possibly"]
    assert storing.unit.attempt_count == 2


def test_store_notes_the_open_calls(storing: Storing) -> None:
    storing.held.work.open_calls = 3

    storing.store(answered(storing.jobs[0]))

    assert storing.unit.open_calls == 3


def test_store_after_a_lost_lease_stores_the_answer_all_the_same(storing: Storing) -> None:
    other = LaneFactory()
    WorkUnit.objects.update(lane=other, lease=storing.held.lease + 1)

    storing.store(answered(storing.jobs[0]))

    unit = storing.unit
    assert (unit.ok_count, unit.lane, unit.state) == (1, other, "claimed")
    assert storing.units == {}


def test_store_of_jobs_whose_unit_was_given_back_stores_them(storing: Storing) -> None:
    storing.units.clear()

    storing.store(answered(storing.jobs[0]))

    assert (Result.objects.count(), storing.unit.ok_count) == (1, 1)


def test_store_of_an_answer_that_came_second_keeps_it_as_a_billed_attempt(storing: Storing) -> None:
    ResultFactory(run=storing.run, ordinal=0, preview="first", cost_usd=Decimal("0.001"))

    storing.store(answered(storing.jobs[0], attempts=[failed_call()]), answered(storing.jobs[1]))

    assert [result.preview for result in Result.objects.all()] == ["first", "4"]
    second = FailedAttempt.objects.get(billed="yes")
    assert (second.cost_usd, second.tokens_in, second.tokens_out) == (Decimal("0.005"), 3, 2)
    unit = storing.unit
    assert (unit.ok_count, unit.attempt_count, unit.cost_usd) == (2, 2, Decimal("0.011"))


def test_store_of_an_error_that_came_second_books_its_calls_only(storing: Storing) -> None:
    ResultFactory(run=storing.run, ordinal=0)
    storing.jobs[0].end("provider_error", "it broke")
    storing.jobs[0].attempts = [failed_call()]

    storing.store(storing.jobs[0])

    assert [attempt.billed for attempt in FailedAttempt.objects.all()] == ["no"]


def test_store_after_a_key_was_there_goes_on_with_right_counters(storing: Storing) -> None:
    ResultFactory(run=storing.run, ordinal=0)
    storing.store(answered(storing.jobs[0]))

    storing.store(*map(answered, storing.jobs[1:]))

    unit = storing.unit
    assert (unit.ok_count, unit.state, storing.done) == (4, "done", [storing.run.pk])


def test_store_that_completes_a_lost_unit_ends_it(storing: Storing) -> None:
    WorkUnit.objects.update(lane=LaneFactory(), lease=storing.held.lease + 1)

    storing.store(*map(answered, storing.jobs))

    assert (storing.unit.state, storing.unit.lane, storing.done) == ("done", None, [storing.run.pk])


@pytest.mark.parametrize("bad", [0, 1, 2, 3])
@pytest.mark.parametrize("values", [{"latency_ms": 2**70}, {"cost_usd": Decimal("1e30")}, {"reused_from": 2**80}])
def test_store_of_a_batch_with_a_bad_row_makes_it_alone_an_error(
    storing: Storing, bad: int, values: dict[str, Any]
) -> None:
    jobs = [answered(job) for job in storing.jobs]
    answered(jobs[bad], **values)

    storing.store(*jobs)

    wrong = Result.objects.get(pk=result_id_of(storing.run.pk, bad))
    assert wrong.outcome == "runner_error"
    assert wrong.detail.startswith("the answer could not be stored: ")
    unit = storing.unit
    assert (unit.ok_count, unit.runner_error_count, unit.state) == (3, 1, "done")
    assert (unit.tokens_in, unit.cost_usd) == (9, Decimal("0.015"))


def test_store_of_a_bad_attempt_without_a_result_stores_the_others(storing: Storing) -> None:
    storing.jobs[0].attempts = [failed_call(latency_ms=2**70)]

    storing.store(answered(storing.jobs[1]), given_up=(storing.jobs[0],))

    assert [result.ordinal for result in Result.objects.all()] == [1]
    assert (storing.unit.ok_count, storing.unit.attempt_count, storing.held.missing) == (1, 0, {0, 2, 3})


def test_store_while_the_database_is_away_loses_nothing(storing: Storing, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [answered(job) for job in storing.jobs]
    with monkeypatch.context() as patched:
        patched.setattr("runs.lanes.flushing.insert", database_away)
        with pytest.raises(OperationalError):
            storing.store(*jobs)
    stored_meanwhile = Result.objects.count()

    storing.store(*jobs)

    assert (stored_meanwhile, Result.objects.count(), storing.unit.ok_count) == (0, 4, 4)


def database_away(*_: object) -> None:
    """Stand for a write to a database that is away."""
    raise OperationalError("database is locked")


def test_store_cleans_text_that_databases_refuse(storing: Storing) -> None:
    storing.jobs[0].end("provider_error", "a NUL \x00 and a lone surrogate \ud800")

    storing.store(storing.jobs[0])

    assert Result.objects.get().outcome == "provider_error"


def test_store_of_a_long_transcript_keeps_it_out_of_the_row(storing: Storing) -> None:
    storing.store(answered(storing.jobs[0], text="x" * 100_000))

    assert list(Transcript.objects.get().body) == ["blob"]
    assert totals_of(storing.run).results == 1


@pytest.mark.usefixtures("db")
def test_store_again_after_a_commit_whose_confirmation_was_lost_keeps_one_of_each(storing: Storing) -> None:
    storing.jobs[1].attempts = [failed_call()]
    batch = Batch([answered(storing.jobs[0], attempts=[failed_call()])], [storing.jobs[1]])
    storing.flusher.store(batch)

    storing.flusher.store(batch)

    assert (FailedAttempt.objects.count(), Result.objects.count()) == (2, 1)
    assert (storing.unit.ok_count, storing.unit.attempt_count, storing.unit.cost_usd) == (1, 2, Decimal("0.005"))
