"""What the queue runs: each task is safe to run twice or never."""

import os
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from runs import tasks
from runs.actions.due import do_later
from runs.models import DueTask, Preparation
from runs.models.due import FIRST_WAIT_S
from runs.queue.echoes import NEVER, Echoes
from tests.factories import LaneFactory
from tests.runs.planned import planned_run

pytestmark = pytest.mark.django_db

FORGET = "scoring.tasks.forget_draft"


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `work` came to, in order."""
    done: list[str] = []
    monkeypatch.setattr(tasks, "work_until_idle", lambda: done.append("worked"))
    monkeypatch.setattr(tasks, "wake_lanes", lambda: done.append("woke the next"))
    return done


def lanes_here(count: int, **values: Any) -> None:
    """Make lanes of this host."""
    LaneFactory.create_batch(count, host=socket.gethostname(), **values)


def test_work_with_nothing_to_claim_returns(worked: list[str]) -> None:
    tasks.work()

    assert worked == []


def test_work_on_a_host_of_one_lane_is_that_lane(worked: list[str], settings: Any) -> None:
    settings.LANES = 1
    planned_run(4)

    tasks.work()

    assert worked == ["worked"]


def test_work_on_a_host_of_two_lanes_wakes_the_next_one_first(worked: list[str], settings: Any) -> None:
    settings.LANES = 2
    planned_run(4)

    tasks.work()

    assert worked == ["woke the next", "worked"]


def test_work_as_the_last_lane_of_its_host_wakes_no_other(worked: list[str], settings: Any) -> None:
    settings.LANES = 2
    lanes_here(1)
    planned_run(4)

    tasks.work()

    assert worked == ["worked"]


def test_work_where_the_host_has_its_lanes_returns(worked: list[str], settings: Any) -> None:
    settings.LANES = 2
    lanes_here(2)
    planned_run(4)

    tasks.work()

    assert worked == []


def test_work_counts_neither_commands_nor_lanes_of_other_hosts(worked: list[str], settings: Any) -> None:
    settings.LANES = 1
    lanes_here(2, is_foreground=True)
    LaneFactory.create_batch(2, host="elsewhere")
    planned_run(4)

    tasks.work()

    assert worked == ["worked"]


def test_work_leaves_the_runs_of_a_command(worked: list[str], settings: Any) -> None:
    settings.LANES = 1
    planned_run(4, owner="lane 4711")

    tasks.work()

    assert worked == []


def test_echo_is_heard_by_the_watcher_and_works_where_units_wait(
    worked: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, settings.LANES = Echoes.make(), 1
    monkeypatch.setattr("runs.queue.echoes._echoes", heard)
    before = heard.heard_at()
    planned_run(4)

    tasks.echo()

    assert (before, worked) == (NEVER, ["worked"])
    assert 0 <= time.monotonic() - heard.heard_at() < 60


@pytest.mark.parametrize("plan", [lambda: planned_run(4).pause("enough"), lambda: None])
def test_echo_works_on_nothing_where_nothing_waits(worked: list[str], plan: Callable[[], object]) -> None:
    plan()

    tasks.echo()

    assert worked == []


def test_prepare_of_a_preparation_that_is_gone_does_nothing() -> None:
    tasks.prepare(4711)

    assert not Preparation.objects.exists()


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """What the function that is due was called with; this process does a job."""
    LaneFactory(kind="job", host=socket.gethostname(), pid=os.getpid())
    calls: list[tuple[int, ...]] = []
    monkeypatch.setattr("scoring.tasks.forget_draft", lambda *arguments: calls.append(arguments))
    return calls


@pytest.mark.both
def test_do_does_once_what_was_asked_for_three_times(called: list[tuple[int, ...]]) -> None:
    _ = [do_later(FORGET, 4, 2) for _ in range(3)]
    do_later(FORGET, 5, 2)
    first, *others, other = DueTask.objects.order_by("pk")

    _ = [tasks.do(due.pk) for due in (first, first, *others)]

    assert called == [(4, 2)]
    assert DueTask.objects.get() == other


def test_do_leaves_what_another_process_does(called: list[tuple[int, ...]]) -> None:
    DueTask.objects.create(task=FORGET, arguments=[4, 2], lane=LaneFactory(kind="job"))
    asked_later = DueTask.objects.create(task=FORGET, arguments=[4, 2])

    tasks.do(asked_later.pk)

    assert (called, DueTask.objects.count()) == ([], 2)


def test_do_of_what_raises_an_error_keeps_it(called: list[tuple[int, ...]]) -> None:
    due = DueTask.objects.create(task=FORGET, arguments=["no", "numbers", "at", "all"])
    due.task = "scoring.tasks.catch_up"
    due.save()

    with pytest.raises(TypeError):
        tasks.do(due.pk)

    due.refresh_from_db()
    assert (due.lane, due.tries, due.wait_s) == (None, 1, FIRST_WAIT_S)
