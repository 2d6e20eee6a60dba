"""Our engine: `evalsite run` as a whole process, and runs started on a worker that is warm."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.job import Job, experiment_file
from benchmarks.measuring import MEASURED_CORE, Failed, Taken, measured, on_core
from benchmarks.provider import Provider, environment

READY_S = 30.0


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What one run of the job took."""

    taken: Taken
    span_s: float
    """From the first request to the last answer, by the provider."""
    max_in_flight: int
    requests: int


def migrate(folder: Path) -> None:
    """Make the database of a data directory."""
    command = [sys.executable, "-m", "evalsite", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment(folder), check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours


def run_in_foreground(folder: Path, job: Job, provider: Provider, name: str, *, exactly: bool = True) -> EngineFigures:
    """Run the job with `evalsite run --local`, a fresh experiment named `name`.

    Raises Failed for another number of requests than items, unless `exactly` is false: faults are tried again.
    """
    file = experiment_file(folder, job, name=name)
    provider.reset()
    command = [sys.executable, "-m", "evalsite", "run", str(file), "--local", "--quiet", "--no-reuse"]
    taken = measured(command, environment(folder))
    stats = provider.stats()
    if exactly and stats["requests"] != job.calls:
        raise Failed(f"{stats['requests']} requests for {job.calls} calls")
    return EngineFigures(taken, stats["span_s"], stats["max_in_flight"], stats["requests"])


@contextmanager
def worker(folder: Path, lanes: int = 1) -> "Iterator[int]":
    """Run `evalsite worker` while the block is worked through; yields its process id when its host beats."""
    command = [sys.executable, "-m", "evalsite", "worker", "--lanes", str(lanes)]
    pin = on_core(MEASURED_CORE) if lanes == 1 else None
    process = subprocess.Popen(  # noqa: S603 - this very installation
        command,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=pin,
    )
    try:
        _wait_for_host()
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for_host() -> None:
    from runs.live.watching import living_host

    until = time.monotonic() + READY_S
    while living_host() is None:
        if time.monotonic() > until:
            raise Failed("the worker did not begin to beat")
