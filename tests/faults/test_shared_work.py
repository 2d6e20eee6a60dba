"""The same work given to many at once, or to nobody: it is done once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import connection

from experiments.actions import ActionConflict
from experiments.models import Experiment
from runs.actions import cancel_run, pause_run, resume_run, start_experiment
from runs.models import Run, WorkUnit
from tests.machine import EXACT, GOING_ON_S, ITEMS, RUN_S, Machine
from tests.processes import children, named
from tests.runs.planned import candidate_at, planned_run, sums

ONCE_MORE = "INSERT INTO django_q_ormq (key, payload, lock) SELECT key, payload, lock FROM django_q_ormq"
LOST = "DELETE FROM django_q_ormq"


@contextmanager
def undelivered(machine: Machine, worker: int) -> Iterator[None]:
    """Let no task reach the workers while the block runs."""
    *_, pusher = children(children(named(worker, "cluster"))[0])
    os.kill(pusher, signal.SIGSTOP)
    yield
    os.kill(pusher, signal.SIGCONT)


@pytest.mark.processes
@pytest.mark.both
@pytest.mark.parametrize(
    "becomes",
    [
        pytest.param([LOST], id="lost"),
        pytest.param([ONCE_MORE] * 2, id="repeated", marks=pytest.mark.faults),
    ],
)
def test_task_lost_or_repeated_does_the_work_once(machine: Machine, becomes: list[str]) -> None:
    worker = machine.start("worker", "--lanes", "2")
    machine.wait_for_host()
    with undelivered(machine, worker.pid):
        machine.run("--detach").communicate(timeout=RUN_S)
        _ = [machine.do(sql) for sql in becomes]

    machine.wait_for_results(1, GOING_ON_S)
    said = machine.run().communicate(timeout=RUN_S)[0]

    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS), said
    assert machine.simulator.stats.requests == 2 * ITEMS


@pytest.mark.faults
@pytest.mark.processes
@pytest.mark.both
@pytest.mark.parametrize("has_worker", [False, True])
def test_file_run_twice_at_once_is_worked_once(machine: Machine, has_worker: bool) -> None:
    if has_worker:
        machine.start("worker")
        machine.wait_for_host()

    both = [machine.run(), machine.run()]
    said = [command.communicate(timeout=RUN_S)[0] for command in both]

    assert [command.returncode for command in both] == [0, 0], said
    assert (machine.scores(), machine.results()) == (EXACT, 2 * ITEMS)
    assert machine.simulator.stats.requests == 2 * ITEMS


def pressed_at_once(*presses: Callable[[], Any]) -> list[Exception | None]:
    """Return what each press raised, all made in the same moment."""
    barrier, raised = threading.Barrier(len(presses)), dict[int, Exception | None]()

    def press(number: int) -> None:
        barrier.wait()
        raised[number] = None
        try:
            presses[number]()
        except ActionConflict as conflict:
            raised[number] = conflict
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(number,)) for number in range(len(presses))]
    _ = [thread.start() for thread in threads]
    _ = [thread.join() for thread in threads]
    return [raised[number] for number in range(len(presses))]


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_start_pressed_by_four_at_once_plans_one_run() -> None:
    experiment = sums(20)
    candidate_at(experiment)

    start = [lambda: start_experiment(experiment=Experiment.objects.get(pk=experiment.pk), by=None)] * 4
    raised = pressed_at_once(*start)

    run = Run.objects.get()
    assert raised == [None] * 4
    assert sum(WorkUnit.objects.filter(run=run).values_list("length", flat=True)) == run.planned_count == 20


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("press", [pause_run, cancel_run])
def test_pressed_by_four_at_once_happens_once(press: Callable[..., None]) -> None:
    run = planned_run(20)
    run.begin()

    raised = pressed_at_once(*[lambda: press(run=Run.objects.get(pk=run.pk), by=None)] * 4)

    assert raised.count(None) == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_start_cancel_pause_and_resume_pressed_at_once_leave_a_run_that_can_go_on() -> None:
    run = planned_run(20)

    def go(press: Callable[..., None]) -> Callable[[], None]:
        return lambda: press(run=Run.objects.get(pk=run.pk), by=None)

    start = [lambda: start_experiment(experiment=Experiment.objects.get(pk=run.experiment_id), by=None)]
    pressed_at_once(*start, *map(go, (cancel_run, pause_run, resume_run, cancel_run, resume_run)))
    run.refresh_from_db()
    with suppress(ActionConflict):
        resume_run(run=run, by=None)

    run.refresh_from_db()
    assert (run.status in ("pending", "running"), run.completed_at) == (True, None)
    assert set(WorkUnit.objects.filter(run=run).values_list("state", flat=True)) == {"waiting"}
