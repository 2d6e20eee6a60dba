"""What a worker's memory is by the size of a run: `python -m benchmarks.memory 10000 100000 1000000`.

Each run is a whole `evalsite run --local` in a process of its own, at latency 0: up to 10,000 items, with as many
trials as make the number of results. Prints {"results": {"peak_mib", "wall_s", "items_s", "cpu_ms"}}; behind
`python -m tests.postgres_server` the results go to PostgreSQL.
"""

import json
import sys
import tempfile
from pathlib import Path

from benchmarks.engine import migrate, run_in_foreground
from benchmarks.job import Job
from benchmarks.provider import Provider

ITEMS = 10_000


def main(sizes: list[int]) -> None:
    """Measure each size in turn and print what it took."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        migrate(Path(folder))
        with Provider(Path(folder), latency_ms=0) as provider:
            for results in sizes:
                found[results] = taken(Path(folder), provider, results)
                sys.stderr.write(f"{results}: {found[results]}\n")
    sys.stdout.write(json.dumps(found) + "\n")


def taken(folder: Path, provider: Provider, results: int) -> dict[str, float]:
    """Return what a run of so many results takes."""
    job = Job(min(results, ITEMS), latency_ms=0, trials=-(-results // ITEMS))
    taken = run_in_foreground(folder, job, provider, f"memory {results}").taken
    figures = {"peak_mib": taken.peak_mib, "wall_s": taken.wall_s, "items_s": results / taken.wall_s}
    figures["cpu_ms"] = taken.cpu_s * 1000 / results
    return {figure: round(value, 2) for figure, value in figures.items()}


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [ITEMS])
