"""Waiting for other processes and threads, with a limit."""

import subprocess
import time
from collections.abc import Callable

LOOK_EVERY_S = 0.02


def wait_until(condition: Callable[[], object], within_s: float, what: str = "what was waited for") -> None:
    """Return as soon as the condition holds. Raises AssertionError when it does not in time."""
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come within {within_s} s")
        time.sleep(LOOK_EVERY_S)


def lives(pid: int) -> bool:
    """Return whether the process runs; one that has ended and waits to be collected does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.strip().startswith("Z")


def some_live(pids: list[int]) -> bool:
    """Return whether any of the processes runs."""
    return any(map(lives, pids))
