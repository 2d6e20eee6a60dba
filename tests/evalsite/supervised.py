"""A supervisor with tiny children, as a program: `python -m tests.evalsite.supervised DIRECTORY CHILD...`.

Each process adds its pid to a file of the directory named after its child.
"""

import os
import signal
import sys
import time
from pathlib import Path

from evalsite.parent import bind_to, die_with_parent
from evalsite.supervisor import CannotGoOn, Child, Supervisor


def good(note: Path) -> None:
    """Live until told to end."""
    die_with_parent()
    _write_pid(note)
    _sleep()


def stubborn(note: Path) -> None:
    """Live, deaf to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    good(note)


def forking(note: Path) -> None:
    """Live with a process of one's own, which is deaf to SIGTERM and notes itself second."""
    die_with_parent()
    _write_pid(note)
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _write_pid(note)
    _sleep()


def watching(note: Path) -> None:
    """Live as where the kernel does not tell of a parent's end."""
    bind_to(os.getppid(), by_kernel=False)
    _write_pid(note)
    _sleep()


def failing(note: Path) -> None:
    """End at once."""
    _write_pid(note)
    sys.exit(3)


def leaving(note: Path) -> None:
    """End at once the first time, with success; live the second."""
    if not note.exists():
        _write_pid(note)
        sys.exit(0)
    good(note)


KINDS = {kind.__name__: kind for kind in (good, stubborn, forking, watching, failing, leaving)}


def _write_pid(note: Path) -> None:
    with note.open("a") as file:
        file.write(f"{os.getpid()}\n")


def _sleep() -> None:
    while True:
        time.sleep(60)


def main(directory: Path, kinds: list[str]) -> None:
    """Supervise one child of each kind, until a signal; SIGUSR1 asks for a restart of the first."""
    program = (sys.executable, "-m", "tests.evalsite.supervised", str(directory), "--child")
    supervisor = Supervisor([Child(kind, (*program, kind)) for kind in kinds], directory)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
    signal.signal(signal.SIGUSR1, lambda *_: supervisor.restart(kinds[0]))
    try:
        supervisor.run()
    except CannotGoOn as error:
        sys.exit(str(error))


if __name__ == "__main__":
    where, *names = sys.argv[1:]
    if names[0] == "--child":
        KINDS[names[1]](Path(where, names[1]))
    else:
        main(Path(where), names)
