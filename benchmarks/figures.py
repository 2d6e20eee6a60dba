"""The figures: each measures one thing several times and returns rows of the table."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench
from benchmarks.engine import EngineFigures, run_in_foreground, worker
from benchmarks.job import Job
from benchmarks.measuring import measured
from benchmarks.peers.comparing import peers
from benchmarks.provider import Provider, environment
from benchmarks.shape import Shape
from benchmarks.table import Row
from benchmarks.warm import start_on_worker

FAULTS = {
    **dict.fromkeys(("retry_429_rate", "error_rate", "drop_rate", "malformed_rate"), 0.0025),
    "faults_pass": True,
}


SLOWEST = 10
LANES_TRIALS = 5


def throughput(bench: Bench) -> list[Row]:
    """The long job at 50 ms: ratio to the ideal, CPU and memory; the floor beside it in the same rounds."""
    job = Job(bench.items, latency_ms=50)
    runs, floors = [], []
    with Provider(bench.folder, latency_ms=job.latency_ms) as provider:
        for name in bench.names("long"):
            runs.append(run_in_foreground(bench.folder, job, provider, name))
            floors.append(_floor("ours", job, provider))
    span, whole = _median(runs, lambda run: run.span_s), _median(runs, lambda run: run.taken.wall_s)
    cpu_ms = _median(runs, lambda run: run.taken.cpu_s) / job.items * 1000
    peak = _median(runs, lambda run: run.taken.peak_mib)
    floor_s = median(floors)
    size = f"N = {job.items:,}, {job.in_flight} in flight, {job.latency_ms:g} ms"
    return [
        _ratio(f"first request to last answer over ideal, {size}", span / job.ideal_s, 1.05),
        Row(f"the same of its HTTP client alone, {size}", f"{floor_s / job.ideal_s:.3f}"),
        Row(f"whole process over ideal, {size}", f"{whole / job.ideal_s:.2f}"),
        Row("CPU per item, whole process with its start and the declaring of its file", f"{cpu_ms:.2f} ms"),
        Row(f"peak memory of the process, N = {job.items:,}", f"{peak:.0f} MiB", "<= 120 MiB", peak <= 120),
    ]


def without_latency(bench: Bench) -> list[Row]:
    """The long job with answers at once: results a second of one process, and what a call alone costs."""
    job = Job(bench.items, latency_ms=0)
    runs, floors = [], []
    with Provider(bench.folder, latency_ms=0) as provider:
        for name in bench.names("instant"):
            runs.append(run_in_foreground(bench.folder, job, provider, name))
            floors.append(_floor("raw", job, provider))
    rate = job.items / _median(runs, lambda run: run.span_s)
    return [
        Row("items a second at latency 0, one process", f"{rate:,.0f}", ">= 2,400", rate >= 2400),
        Row("requests a second of the floor (raw protocol)", f"{job.items / median(floors):,.0f}"),
    ]


def warm_worker(bench: Bench) -> list[Row]:
    """The short job on a worker that is there: to the first request, to the status completed; CPU of a long one."""
    job, long = Job(bench.items // 5, latency_ms=50), Job(bench.items, latency_ms=50)
    with Provider(bench.folder, latency_ms=job.latency_ms) as provider, worker(bench.folder) as pid:
        start_on_worker(bench.folder, job, provider, "the first is not yet a warm one's", pid)
        found = [start_on_worker(bench.folder, job, provider, name, pid) for name in bench.names("warm")]
        names = bench.names("warm-long")
        took = median(start_on_worker(bench.folder, long, provider, name, pid).cpu_s for name in names)
    completed, cpu_ms = median(figures.completed_s for figures in found), took / long.items * 1000
    first_ms = median(figures.first_request_s for figures in found) * 1000
    goal = 1.10 * job.ideal_s + 0.5
    size = f"N = {job.items:,}, {job.latency_ms:g} ms"
    return [
        Row(
            f"start action to completed, warm worker, {size}",
            f"{completed:.2f} s",
            f"<= {goal:.2f} s",
            completed <= goal,
        ),
        Row("start action to first request, warm worker", f"{first_ms:.0f} ms", "<= 150 ms", first_ms <= 150),
        Row(
            f"CPU per item of a warm worker with all its processes, N = {long.items:,}, {long.latency_ms:g} ms",
            f"{cpu_ms:.2f} ms",
            "<= 0.45 ms",
            cpu_ms <= 0.45,
        ),
    ]


def faults(bench: Bench) -> list[Row]:
    """The long job with 1 % of faults against the same without."""
    job = Job(bench.items, latency_ms=50)
    clean: list[float] = []
    faulty: list[float] = []
    for number, name in enumerate(bench.names("faults")):
        for model, spans in (({}, clean), (FAULTS, faulty)):
            with Provider(bench.folder, latency_ms=job.latency_ms, model={"name": "sim-instant", **model}) as provider:
                spans.append(run_with_retries(bench, job, provider, f"{name}-{bool(model)}-{number}"))
    ratio = median(faulty) / median(clean)
    return [_ratio("1 % of 429, 500, drops and malformed answers against clean", ratio, 1.15)]


def run_with_retries(bench: Bench, job: Job, provider: Provider, name: str) -> float:
    """Return the seconds from first request to last answer, however many requests it took."""
    return run_in_foreground(bench.folder, job, provider, name, exactly=False).span_s


def two_workers(bench: Bench) -> list[Row]:
    """Two lanes against one at latency 0, in a job that outlasts the parting of the limit between them.

    They share the machine's cores with the provider.
    """
    job = Job(bench.items, latency_ms=0, trials=LANES_TRIALS)
    spans = {}
    for lanes in (1, 2):
        with Provider(bench.folder, latency_ms=0) as provider, worker(bench.folder, lanes) as pid:
            names = bench.names(f"lanes-{lanes}")
            found = [start_on_worker(bench.folder, job, provider, name, pid) for name in names]
        spans[lanes] = median(figures.span_s for figures in found)
    ratio = spans[1] / spans[2]
    return [Row("two lanes against one, latency 0", f"{ratio:.2f} x", ">= 1.8 x", ratio >= 1.8)]


def pages(bench: Bench) -> list[Row]:
    """The slowest pages over many results, in a site that is filled once and kept."""
    shape = Shape.of(bench.results)
    folder = bench.kept / f"pages-{shape.results}"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.pages", *map(str, (shape.candidates, shape.items, shape.trials))]
    said = subprocess.run(command, env=environment(folder), check=True, stdout=subprocess.PIPE)  # noqa: S603 - ours
    found: dict[str, dict[str, float]] = json.loads(said.stdout)
    board = found.pop("leaderboard query")["p95_ms"]
    shown = sorted(found, key=lambda name: found[name]["p95_ms"], reverse=True)[:SLOWEST]
    return [
        Row(f"leaderboard query over {shape.results:,} scores", f"{board:.1f} ms", "<= 10 ms", board <= 10),
        *(_page_row(f"{name}, {shape.results:,} results", found[name]) for name in shown),
        Row("pages, lists of the API and the admin, and files that were measured", str(len(found))),
    ]


def _page_row(name: str, took: dict[str, float]) -> Row:
    figure = f"{name}, {took['queries']:g} queries, p95"
    return Row(figure, f"{took['p95_ms']:.0f} ms", "<= 100 ms", took["p95_ms"] <= 100)


FIGURES: dict[str, Callable[[Bench], list[Row]]] = {
    "throughput": throughput,
    "instant": without_latency,
    "warm": warm_worker,
    "faults": faults,
    "lanes": two_workers,
    "pages": pages,
    "peers": peers,
}


def _median(runs: Sequence[EngineFigures], figure: Callable[[EngineFigures], float]) -> float:
    return median(figure(run) for run in runs)


def _ratio(figure: str, ratio: float, goal: float) -> Row:
    return Row(figure, f"{ratio:.3f}", f"<= {goal:g}", ratio <= goal)


def _floor(client: str, job: Job, provider: Provider) -> float:
    """Return the seconds from first request to last answer of a client that does nothing but call."""
    provider.reset()
    arguments = [client, str(provider.port), provider.key, str(job.items), str(job.in_flight)]
    measured([sys.executable, "-m", "benchmarks.floor", *arguments], environment(Path.cwd()))
    return float(provider.stats()["span_s"])
