"""Measures the figures of docs/performance.md and prints them beside what is to be reached.

    python -m benchmarks [--only throughput,warm] [--items 10000] [--rounds 3] [--write]

The provider runs on one core and what is measured on another, where there are two. `--write` puts the table into
docs/performance.md; it is written as JSON to build/bench.json in any case.
"""

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.table import Row, as_text, write_json, write_markdown

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder))
        rows = _rows(options, Path(folder))
    sys.stdout.write(as_text(rows) + "\n")
    write_json(ROOT / "build" / "bench.json", rows)
    if options.write:
        write_markdown(ROOT / "docs" / "performance.md", rows, _heading(options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="names of figures, parted by commas")
    parser.add_argument("--items", type=int, default=10_000, help="of the long job")
    parser.add_argument("--results", type=int, default=100_000, help="in the site whose pages are measured")
    parser.add_argument("--rounds", type=int, default=3, help="the medians of so many are printed")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    return parser.parse_args()


def _set_up(folder: Path) -> None:
    """Make a site in the folder and set Django up on it: settings are read once, so the folder is named first."""
    os.environ |= {"EVALSITE_DATA": str(folder), "EVALSITE_SECRET_KEY": "measuring"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evalsite.settings")
    from benchmarks.engine import migrate

    migrate(folder)
    import django

    django.setup()


def _rows(options: argparse.Namespace, folder: Path) -> list[Row]:
    from benchmarks.bench import Bench
    from benchmarks.figures import FIGURES

    bench = Bench(folder, options.rounds, options.items, options.results, ROOT / "build" / "bench")
    names = options.only.split(",") if options.only else list(FIGURES)
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        raise SystemExit(f"no such figure: {', '.join(unknown)}; there are: {', '.join(FIGURES)}")
    rows: list[Row] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        rows += FIGURES[name](bench)
    return rows


def _heading(options: argparse.Namespace) -> str:
    """Return what was run, when and on what."""
    command = f"`make bench` with {options.items:,} items, medians of {options.rounds} rounds"
    machine = f"{os.cpu_count()} cores, CPython {platform.python_version()}, {platform.system()}"
    return f"{command}, {datetime.now(UTC):%Y-%m-%d}, {machine}:"


if __name__ == "__main__":
    main()
