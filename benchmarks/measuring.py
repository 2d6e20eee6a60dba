"""Running a command and measuring what it took, on a processor of its own where the platform allows it."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

MIB = 1024 * 1024
PROVIDER_CORE, MEASURED_CORE = 1, 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a whole process took, its children included."""

    wall_s: float
    cpu_s: float
    peak_mib: float
    """Largest resident memory of it or of one of its children."""


class Failed(Exception):
    """A measured command that did not end well."""


def on_core(core: int) -> Callable[[], None] | None:
    """Return what pins a new process to a core; None where there is one core, or no way to do so."""
    pin = getattr(os, "sched_setaffinity", None)
    if pin is None or (os.cpu_count() or 1) <= core:
        return None
    return partial(pin, 0, {core})


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Taken:
    """Run a command to its end and return what it took. Raises Failed with the end of its output."""
    began = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the commands are ours
        command,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=on_core(MEASURED_CORE),
    )
    with process.stdout or nullcontext() as output:
        said = output.read() if output else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    return Taken(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _unit() / MIB)


def cpu_s_of(pid: int) -> float:
    """Return the processor time of a process and of all that it has started, as Linux tells it; 0 elsewhere."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(child) for task in tasks for child in task.read_text().split()]
    except FileNotFoundError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_s_of, children))


def database_cpu_s() -> float:
    """Return the processor time of the PostgreSQL process that serves this thread; 0 where none is on this machine."""
    from django.db import connection

    if connection.vendor != "postgresql" or connection.connection is None:
        return 0.0
    file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(file.read_text().split()[0]) / 1e9 if file.exists() else 0.0


def _unit() -> int:
    """Return the bytes in one unit of `ru_maxrss`: macOS counts bytes, Linux kibibytes."""
    return 1 if os.uname().sysname == "Darwin" else 1024
