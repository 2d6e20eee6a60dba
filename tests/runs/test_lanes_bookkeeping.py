"""Bookkeeping beside the storing: runs are completed and summed up, whatever goes wrong for a while."""

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError

from runs.lanes import bookkeeping
from runs.lanes.bookkeeping import Bookkeeper
from runs.models import RunStatus
from tests.factories import RunFactory


class Task:
    """Stands for finishing or summing up; the first times it meets an error."""

    def __init__(self, *errors: Exception) -> None:
        self.done: list[int] = []
        self._errors: Iterator[Exception] = iter(errors)

    def __call__(self, run_id: int) -> None:
        """Do it, or raise the next error."""
        for error in self._errors:
            raise error
        self.done.append(run_id)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookkeeping, "RETRY_PAUSE_S", 0.0)


def started(finish: Task, sum_up: Task, clock: Callable[[], float] = lambda: 0.0) -> Bookkeeper:
    """Return a bookkeeper that works."""
    books = Bookkeeper(finish=finish, sum_up=sum_up, clock=clock)
    books.start()
    return books


def test_close_waits_until_all_is_done() -> None:
    finish, sum_up = Task(), Task()
    books = started(finish, sum_up)

    books.unit_done(1)
    books.stands_still(2)
    books.close()

    assert (finish.done, sum_up.done) == ([1], [2])


def test_run_that_is_to_be_finished_is_not_summed_up_as_well() -> None:
    finish, sum_up = Task(), Task()
    books = Bookkeeper(finish=finish, sum_up=sum_up)

    books.unit_done(1)
    books.stands_still(1)
    books.work_off()

    assert (finish.done, sum_up.done) == ([1], [])


def test_database_that_is_away_is_asked_again() -> None:
    finish = Task(*[OperationalError("database is locked")] * 5)
    books = Bookkeeper(finish=finish, sum_up=Task())

    books.unit_done(1)
    for _ in range(6):
        books.work_off()

    assert finish.done == [1]


@pytest.mark.parametrize(("planned", "expected"), [(1000, [1, 1]), (60_000, [])])
def test_runs_that_go_on_are_summed_up_now_and_then(planned: int, expected: list[int]) -> None:
    sum_up, times = Task(), iter([0.0, 4.9, 5.0, 9.9, 10.0])
    books = Bookkeeper(finish=Task(), sum_up=sum_up, clock=lambda: next(times))
    run = RunFactory.build(pk=1, planned_count=planned)

    for _ in range(5):
        books.goes_on([run])
        books.work_off()

    assert sum_up.done == expected


@pytest.mark.django_db
def test_run_whose_scores_cannot_be_summed_up_fails_with_the_reason() -> None:
    run = RunFactory(status=RunStatus.RUNNING)
    books = Bookkeeper(finish=Task(*[ValueError("a scorer is gone")] * 3), sum_up=Task())

    books.unit_done(run.pk)
    for _ in range(3):
        books.work_off()

    run.refresh_from_db()
    assert (run.status, "a scorer is gone" in run.status_reason) == (RunStatus.FAILED, True)
