"""How long the work of people keeps a run from storing its results: `python -m benchmarks.long_writes 40000`.

A run goes on in a process of its own, 640 calls a second against the simulator. Beside it rows of 640 bytes are
imported as a worker imports them, merged, replaced, imported by somebody who cancels; all items get a tag, which is
undone; the draft is frozen; at last the project goes, with them and 100,000 results. Prints {"step": {"wall_s",
"grown_mib", "transactions", "longest_ms", "longest_cpu_ms", "results_s"}}; what took longest is said on stderr. Behind
`python -m tests.postgres_server` it goes to PostgreSQL.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from unittest.mock import patch

import django
from django.core.management import call_command

from benchmarks.imports import imported, peak_mib, written
from benchmarks.job import Job, experiment_file
from benchmarks.pages import use_given_database
from benchmarks.provider import Provider, environment
from benchmarks.shape import Shape
from benchmarks.transactions import longest, transactions

if TYPE_CHECKING:
    from experiments.models import Dataset

BESIDE = Job(10_000, latency_ms=50, in_flight=32, trials=100)
LOST = Shape(candidates=2, items=5_000, trials=10)
PROJECT = "of people"
QUIET_S = 5.0
READY_S = 60.0


def main(rows: int) -> None:
    """Measure each step in turn and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
        os.environ |= {"EVALSITE_DATA": name, "EVALSITE_SECRET_KEY": "measuring"}
        use_given_database()
        django.setup()
        call_command("migrate", verbosity=0)
        todo = steps(folder, rows)
        with Provider(folder, latency_ms=BESIDE.latency_ms) as provider, run_beside(folder, provider):
            found = {name: taken(name, step) for name, step in todo.items()}
    sys.stdout.write(json.dumps(found) + "\n")


def steps(folder: Path, rows: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, by its name, in order; makes what has to be there before."""
    from benchmarks.filling import fill
    from experiments.models import Project

    Project.objects.create(name=PROJECT)
    fill(folder, LOST, project=PROJECT)
    files = [written(folder, rows), written(folder, rows, changed=10), written(folder, rows, changed=2)]
    bulk = Bulk()
    return {
        "nothing": lambda: time.sleep(QUIET_S),
        "import": lambda: imported(files[0], "large", project=PROJECT),
        "merge": lambda: imported(files[1], "large", project=PROJECT, is_merge=True),
        "replace": lambda: imported(files[2], "large", project=PROJECT),
        "import, cancelled": lambda: cancelled(files[0], rows),
        "bulk edit": bulk.tag,
        "bulk edit, undone": bulk.undo,
        "bulk edit, again": bulk.tag,
        "freeze": bulk.freeze,
        "delete": delete,
    }


@contextmanager
def run_beside(folder: Path, provider: Provider) -> Iterator[None]:
    """Have a process of its own store the results of a long run while the block is worked through."""
    file = experiment_file(folder, BESIDE, name="beside")
    command = [sys.executable, "-m", "evalsite", "run", str(file), "--local", "--quiet", "--no-reuse"]
    process = subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        until = time.monotonic() + READY_S
        while not provider.stats()["requests"]:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the run did not begin")
            time.sleep(0.1)
        yield
    finally:
        process.kill()
        process.wait()


def taken(name: str, step: Callable[[], object]) -> dict[str, float]:
    """Return what one step takes."""
    grown, stored, began = peak_mib(), results_beside(), time.perf_counter()
    with transactions() as found:
        step()
    wall_s = time.perf_counter() - began
    took = {"wall_s": wall_s, "grown_mib": peak_mib() - grown, **longest(found)}
    took["results_s"] = (results_beside() - stored) / wall_s
    slow = sorted(found, key=lambda one: -one.wall_s)[:3]
    sys.stderr.write(f"{name}: {took} {slow}\n")
    return {figure: round(value, 1) for figure, value in took.items()}


def results_beside() -> int:
    """Return how many results the run beside has stored."""
    from runs.live.progress import counts_of
    from runs.models import Run

    runs = list(Run.objects.filter(experiment__name="beside").values_list("pk", flat=True))
    return sum(totals.results for totals in counts_of(runs).values())


def cancelled(path: Path, rows: int) -> None:
    """Import a file until half of it is written, when another person cancels."""
    from experiments.models import DataImport, ImportStatus

    other = Thread(target=cancel_at, args=(rows // 2,), daemon=True)
    other.start()
    imported(path, "given up", project=PROJECT, ends=ImportStatus.CANCELLED)
    other.join()
    if DataImport.objects.filter(dataset_name="given up", version__isnull=False).exists():
        raise SystemExit("the import was not cancelled in time")


def cancel_at(rows: int) -> None:
    """Cancel the import that runs once so many of its rows are written."""
    from django.db import connection

    from experiments.actions.imports import cancel_import
    from experiments.models import DataImport, ImportStatus

    running = DataImport.objects.filter(status=ImportStatus.RUNNING, done_count__gte=rows, total_count__gt=0)
    until = time.monotonic() + READY_S * 5
    while (found := running.first()) is None:
        time.sleep(0.05)
        if time.monotonic() > until:
            raise SystemExit("the import did not come to its half")
    cancel_import(data_import=found, by=None)
    connection.close()


class Bulk:
    """Edits of all items of the imported dataset."""

    def tag(self) -> None:
        """Give all items a tag."""
        from experiments.actions import start_bulk_edit

        dataset = self._dataset()
        with patch("experiments.actions.bulk_edits.async_task"):
            self._last = start_bulk_edit(dataset=dataset, kind="tag", items=dataset.item_rows.all(), by=None, value="x")
        self._work()

    def undo(self) -> None:
        """Take it from them."""
        from experiments.actions import undo_bulk_edit

        with patch("experiments.actions.bulk_edits.async_task"):
            self._last = undo_bulk_edit(bulk=self._last, by=None)
        self._work()

    def freeze(self) -> None:
        """Number the draft as a version."""
        from experiments.actions import freeze_dataset

        freeze_dataset(dataset=self._dataset(), by=None)

    def _work(self) -> None:
        from experiments.actions.bulk_edits import run_bulk_edit

        run_bulk_edit(self._last)
        self._last.refresh_from_db()
        if self._last.edited_count != self._last.total_count:
            raise SystemExit(f"{self._last}: {self._last.edited_count} of {self._last.total_count} were edited")

    def _dataset(self) -> "Dataset":
        from experiments.models import Dataset

        return Dataset.objects.get(name="large", project__name=PROJECT)


def delete() -> None:
    """Delete the project with all that is in it, as its job does."""
    from experiments.models import Project
    from scoring.deleting import delete_rows

    delete_rows(Project.objects.get(name=PROJECT))


if __name__ == "__main__":
    main(int(sys.argv[1]))
