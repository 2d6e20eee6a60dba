"""What a large import and its exports take: `python -m benchmarks.imports 100000`.

Rows of 640 bytes come in as a worker takes them in, twice: all new, then merged with each tenth row changed; then the
version is exported. Prints {"step": {"wall_s", "cpu_s", "grown_mib", "transactions", "longest_ms", "longest_cpu_ms"}}:
memory above that of the process after an import of ten rows, transactions from their begin to their end. Behind
`python -m tests.postgres_server` it goes to PostgreSQL.
"""

import csv
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import django
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.management import call_command

from benchmarks.measuring import database_cpu_s
from benchmarks.pages import use_given_database
from benchmarks.transactions import longest, transactions

ROW_BYTES = 640
MIB = 1024 * 1024


def main(rows: int) -> None:
    """Measure each step in turn and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
        os.environ |= {"EVALSITE_DATA": folder, "EVALSITE_SECRET_KEY": "measuring"}
        use_given_database()
        django.setup()
        call_command("migrate", verbosity=0)
        found = measured(Path(folder), rows)
    sys.stdout.write(json.dumps(found) + "\n")


def measured(folder: Path, rows: int) -> dict[str, dict[str, float]]:
    """Return what each step took, by its name."""
    imported(written(folder, 10), "small")
    first, again = written(folder, rows), written(folder, rows, changed=10)
    steps: dict[str, Callable[[], object]] = {
        "import": lambda: imported(first, "large"),
        "merge": lambda: imported(again, "large", is_merge=True),
        "export jsonl": lambda: exported("jsonl"),
        "export csv": lambda: exported("csv"),
    }
    return {name: taken(name, step) for name, step in steps.items()}


def taken(name: str, step: Callable[[], object]) -> dict[str, float]:
    """Return what one step takes."""
    before, began, spent = peak_mib(), time.perf_counter(), time.process_time() + database_cpu_s()
    with transactions() as found:
        step()
    took = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() + database_cpu_s() - spent}
    took |= {"grown_mib": peak_mib() - before, **longest(found)}
    sys.stderr.write(f"{name}: {took}\n")
    return {figure: round(value, 1) for figure, value in took.items()}


def written(folder: Path, rows: int, *, changed: int = 0) -> Path:
    """Write a file of so many rows; with `changed` each of so many holds another answer."""
    path = folder / f"rows-{rows}-{changed}.csv"
    with path.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["key", "input", "expected", "tags"])
        for number in range(rows):
            answer = f"{number} anew" if changed and number % changed == 0 else str(number)
            text = f"Question {number} ".ljust(ROW_BYTES - 40, "x")
            lines.writerow([f"row-{number:07}", text, answer, "easy|geo"])
    return path


def imported(
    path: Path, name: str, *, is_merge: bool = False, project: str = "default", ends: str = "completed"
) -> None:
    """Import a file as the page and a worker do; it has to end in this status."""
    from experiments.actions import start_import, upload_file
    from experiments.actions.declaring import project_named
    from experiments.actions.imports import run_import
    from experiments.models import DataImport

    file = TemporaryUploadedFile(path.name, "text/csv", path.stat().st_size, None)
    with path.open("rb") as source:
        while piece := source.read(MIB):
            file.write(piece)
    made = upload_file(project=project_named(project), name=name, file=file, by=None)
    with patch("experiments.actions.imports.async_task"):
        start_import(data_import=made, by=None, options={"is_merge": is_merge})
    run_import(DataImport.objects.get(pk=made.pk))
    made.refresh_from_db()
    if made.status != ends:
        raise SystemExit(f"{path.name}: {made.status}: {made.detail}")


def exported(kind: str) -> None:
    """Read the newest version as a download sends it."""
    from experiments.exporting import version_lines
    from experiments.models import DatasetVersion

    newest = DatasetVersion.objects.filter(dataset__name="large").latest("number")
    for _ in version_lines(newest, kind):
        pass


def peak_mib() -> float:
    """Return the largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]))
