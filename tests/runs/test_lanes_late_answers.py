"""Answers that a dead lane left on its machine: what others were paid for again is booked once, nothing else is."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from runs.actions import retry_failed
from runs.execution import Attempt, Job
from runs.lanes.flushing import Batch, Flusher
from runs.lanes.journal import Journal, left_answers
from runs.lanes.late_answers import book_late_answers
from runs.live.progress import totals_of
from runs.models import FailedAttempt, Lane, Result, Run, WorkUnit
from tests.factories import LaneFactory
from tests.runs.jobs import answered
from tests.runs.planned import claimed, jobs_of, planned_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

COST_USD = Decimal("0.005")


class Machine:
    """A machine of its own with one lane: its journal, its unit of a run, its flusher."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder, self.lane = folder, LaneFactory()
        self.journal = Journal(folder, self.lane.pk)
        self.held = claimed(self.lane, run)
        self.jobs = [answered(job) for job in jobs_of(run, self.held)]
        units = {self.held.unit_id: self.held}
        self.flusher = Flusher(self.lane.pk, units, unit_done=lambda _: None, storing=self.journal.storing)

    def hear(self, *jobs: Job) -> None:
        """Note the answers of these jobs."""
        _ = [self.journal.note(job) for job in jobs]

    def store(self, *jobs: Job) -> None:
        """Store these jobs."""
        self.flusher.store(Batch(list(jobs)))

    def die(self) -> None:
        """Leave everything as a process does that is killed: its page is there, and nobody holds it."""
        (page,) = self.folder.glob("*.jsonl")
        kept = shutil.copy(page, self.folder / "copied")
        self.journal.close()
        kept.rename(page)
        WorkUnit.objects.filter(lane=self.lane).update(state="waiting", lane=None)
        Lane.objects.filter(pk=self.lane.pk).delete()

    def pages(self) -> list[Path]:
        """Return what is left on its disk."""
        return list(self.folder.glob("*"))


@pytest.fixture
def run() -> Run:
    """A run over four sums."""
    return planned_run(4)


@pytest.fixture
def first(tmp_path: Path, run: Run) -> Machine:
    """The machine that holds the run's only unit."""
    return Machine(tmp_path / "first", run)


def done_by_another(tmp_path: Path, run: Run) -> None:
    """Let another machine do what is missing."""
    other = Machine(tmp_path / "other", run)
    other.store(*other.jobs)


def test_answers_whose_calls_another_machine_made_again_are_booked_as_paid(
    tmp_path: Path, run: Run, first: Machine
) -> None:
    first.jobs[1].attempts = [Attempt("provider_error", "it said 500", 500, "no", 3)]
    first.hear(*first.jobs[:2])
    first.die()
    done_by_another(tmp_path, run)

    counts = [book_late_answers(first.folder) for _ in range(2)]

    booked = FailedAttempt.objects.filter(billed="yes").values_list("result_id", "cost_usd", "tokens_in", "latency_ms")
    assert counts == [2, 0]
    assert list(booked.order_by("result_id")) == [(job.result_id, COST_USD, 3, 120) for job in first.jobs[:2]]
    assert FailedAttempt.objects.get(billed="no").detail == "it said 500"
    assert totals_of(run).cost_usd == 6 * COST_USD
    assert first.pages() == []


def test_answers_that_were_to_be_stored_when_the_line_was_cut_are_booked(
    tmp_path: Path, run: Run, first: Machine
) -> None:
    first.hear(first.jobs[0])
    first.jobs[0].recorded_at = timezone.now()
    first.journal.storing(first.jobs[:1])
    first.die()
    done_by_another(tmp_path, run)

    assert book_late_answers(first.folder) == 1


def test_answers_that_were_stored_are_not_booked(tmp_path: Path, run: Run, first: Machine) -> None:
    first.hear(*first.jobs[:2])
    first.store(*first.jobs[:2])
    first.die()
    done_by_another(tmp_path, run)

    assert (book_late_answers(first.folder), FailedAttempt.objects.count(), first.pages()) == (0, 0, [])


def test_answers_that_came_second_and_are_booked_are_not_booked_again(tmp_path: Path, run: Run, first: Machine) -> None:
    first.hear(first.jobs[0])
    WorkUnit.objects.update(state="waiting", lane=None)
    done_by_another(tmp_path, run)
    first.store(first.jobs[0])
    first.die()

    assert (book_late_answers(first.folder), FailedAttempt.objects.count()) == (0, 1)


def test_answers_that_the_next_lane_of_the_machine_went_on_from_are_not_booked(
    tmp_path: Path, run: Run, first: Machine
) -> None:
    first.hear(*first.jobs[:2])
    first.die()
    following = Machine(first.folder, run)
    noted = left_answers(first.folder, run.pk, range(2))
    for ordinal, answer in noted.items():
        following.jobs[ordinal].noted = answer
    following.store(*following.jobs)

    assert (len(noted), book_late_answers(first.folder), first.pages()) == (2, 0, [])


def test_nothing_is_booked_of_a_unit_that_is_not_done(first: Machine) -> None:
    first.hear(first.jobs[0])
    first.die()

    assert (book_late_answers(first.folder), len(first.pages())) == (0, 1)


def test_nothing_is_booked_of_a_lane_that_lives(tmp_path: Path, run: Run, first: Machine) -> None:
    first.hear(first.jobs[0])
    WorkUnit.objects.update(state="waiting", lane=None)
    done_by_another(tmp_path, run)

    assert (book_late_answers(first.folder), len(first.pages())) == (0, 1)


def test_nothing_is_booked_of_a_stored_answer_that_was_taken_out_to_be_tried_again(
    tmp_path: Path, run: Run, first: Machine
) -> None:
    first.jobs[0].end("runner_error", "score failed")
    first.hear(*first.jobs)
    first.store(*first.jobs)
    first.die()
    Run.objects.update(status="completed", started_at=run.created_at, completed_at=run.created_at)
    retry_failed(run=run, by=None)
    done_by_another(tmp_path, run)

    assert (book_late_answers(first.folder), Result.objects.count()) == (0, 4)


def test_page_of_a_run_that_is_gone_is_removed(run: Run, first: Machine) -> None:
    first.hear(first.jobs[0])
    first.die()
    run.delete()

    assert (book_late_answers(first.folder), first.pages()) == (0, [])


def test_stray_files_are_no_answers(first: Machine) -> None:
    first.folder.mkdir()
    (first.folder / "lane-x.jsonl").write_text('[1]\n{"tried": [7], "at": "2026-11-21T21:00:00+00:00"}\nnothing')

    assert book_late_answers(first.folder) == 0
