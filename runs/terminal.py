"""Progress of runs in the terminal: a bar a candidate; without a terminal, a line each 10 %."""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from typing import Self

from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from experiments.models import Candidate, CaseList, Experiment
from experiments.wording import counted
from runs.live.watching import RunProgress, progress_of
from runs.models import Preparation, Run
from scoring.boards.scored import counting_results
from scoring.terminal import printable

LOOK_EVERY_S = 0.5
LINE_EACH = 10


class ProgressDisplay:
    """Shows how far runs are, from a thread of its own or while `watch` waits."""

    def __init__(self, console: Console, run_ids: Sequence[int]) -> None:
        self._console, self._run_ids = console, list(run_ids)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[int, TaskID] = {}
        self._printed: dict[int, int] = {}
        self._waits: dict[int, str] = {}
        self._prepared = -1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()
        self._bars.stop()

    def start(self) -> None:
        """Show progress from a thread while somebody else works."""
        self._thread.start()

    def finish(self) -> None:
        """Show the last state and end the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def watch(self, *, until: Callable[[], bool]) -> bool:
        """Show progress until every run stands still (True), or `until` says so (False)."""
        while True:
            progress = self._show()
            if all(one.stands_still for one in progress):
                return True
            if until():
                return False
            time.sleep(LOOK_EVERY_S)

    def _follow(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._show()
        self._show()
        connection.close()

    def _show(self) -> list[RunProgress]:
        progress = progress_of(self._run_ids)
        for one in progress:
            if self._console.is_terminal:
                self._update_bar(one)
            else:
                self._print_line(one)
        return progress

    def _update_bar(self, one: RunProgress) -> None:
        task = self._tasks.get(one.run.pk)
        if task is None:
            task = self._tasks[one.run.pk] = self._bars.add_task(
                printable(one.run.name), total=one.run.planned_count or None, note=""
            )
        self._bars.update(task, completed=one.totals.results, total=one.run.planned_count or None, note=_note(one))

    def _print_line(self, one: RunProgress) -> None:
        if one.run.preparation is not None:
            self._print_preparing(one.run.preparation)
            return
        self._print_reason(one)
        share = 100 * one.totals.results // max(1, one.run.planned_count)
        step = share // LINE_EACH
        if step > self._printed.get(one.run.pk, -1) and (step > 0 or one.totals.results):
            self._printed[one.run.pk] = step
            done = f"{one.totals.results:,}/{one.run.planned_count:,}"
            self._console.print(f"{printable(one.run.name)}: {done} ({share} %) {_note(one)}", markup=False)

    def _print_reason(self, one: RunProgress) -> None:
        """Print why a run waits, once until it goes on: else nothing would be heard of it."""
        reason = "" if one.stands_still else one.reason
        if reason and reason != self._waits.get(one.run.pk, ""):
            self._console.print(f"{printable(one.run.name)}: {reason}", markup=False)
        self._waits[one.run.pk] = reason

    def _print_preparing(self, preparation: Preparation) -> None:
        """Print how far a preparation is when it has gone on by a tenth; once for all the runs that wait for it."""
        step = 100 * preparation.done_count // preparation.case_list.case_count // LINE_EACH
        if step > self._prepared:
            self._prepared = step
            self._console.print(str(preparation), markup=False)


def _note(one: RunProgress) -> str:
    errors = one.totals.error_count
    parts = [counted(errors, "error")] if errors else []
    parts += [f"{one.totals.reused:,} reused"] if one.totals.reused else []
    parts += [str(one.run.preparation)] if one.run.preparation is not None else []
    parts += [one.run.status] if one.stands_still else [one.reason] if one.reason else []
    return ", ".join(parts)


def print_plan(console: Console, experiment: Experiment, candidates: Collection[Candidate]) -> None:
    """Print what a start of these candidates would do: items, candidates, calls and their known cost."""
    from experiments.actions import freeze_case_list
    from runs.actions.planning import wanted_plan

    case_list = freeze_case_list(experiment)
    plan = wanted_plan(experiment, case_list)
    planned, stored = plan.count * len(candidates), _stored(candidates, case_list)
    console.print(f"{experiment.dataset_version}: {counted(plan.limit, 'item')} × {counted(plan.trials, 'trial')}")
    for candidate in candidates:
        console.print(f"  {printable(candidate.name)}: {candidate.provider} · {candidate.model}", markup=False)
    there = f"{counted(planned, 'result')} planned, {stored} of them stored, {planned - stored} to come"
    console.print(f"{there}; nothing was called.")


def _stored(candidates: Collection[Candidate], case_list: CaseList) -> int:
    """Return how many results of the plan are there: with a lowered limit not all that are stored."""
    runs = Run.objects.planned().filter(candidate__in=candidates, case_list=case_list)
    return sum(counting_results(run).count for run in runs.select_related("experiment", "case_list"))
