"""Keeping processes alive, and ending them all together: what `up` and `worker` do in their main thread."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from evalsite.parent import PARENT_VARIABLE

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
PATIENCE_S = 4.2
PATIENCE_CUT_OFF_S = 2.5  # longer than lanes let open calls end; then what they were answered is in their journals
DEATH_S = 0.5  # how long a killed process may take to be gone
QUICK_LIFE_S = 10.0
QUICK_LIVES = 5
FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 5.0


class CannotGoOn(RuntimeError):
    """Nothing that is started anew could live; the text says why."""


class GroundGone(CannotGoOn):
    """The directory that everything is kept in is no longer there."""


class ChildKeepsDying(CannotGoOn):
    """A process ended again and again as soon as it was started; the text says which and how."""


@dataclass(slots=True)
class Child:
    """A process that is to live, under a name that people read."""

    name: str
    command: tuple[str, ...]
    """Program and arguments."""
    inherited: tuple[int, ...] = ()
    """File descriptors that stay open in it."""
    has_worked: Callable[[], bool] | None = None
    """Says whether it has done its work since it was started; without it: it has, where it lived for 10 s."""
    process: subprocess.Popen[bytes] | None = None
    due_at: float = 0.0
    """When it is to be started, by the monotonic clock."""
    started_at: float = 0.0
    quick_lives: int = 0
    """How often in a row it ended by itself before it had worked."""

    @classmethod
    def of_site(cls, name: str, *arguments: str, inherited: tuple[int, ...] = ()) -> Self:
        """Return a child that is the command `name` of this very installation."""
        return cls(name, (sys.executable, "-m", "evalsite", name, *arguments), inherited)

    def start(self, environment: dict[str, str]) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        self.process = subprocess.Popen(  # noqa: S603 - commands of this site
            self.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.inherited,
        )
        self.started_at = time.monotonic()

    def terminate(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """End it with everything of its session."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
                os.killpg(self.process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=DEATH_S)

    @property
    def has_ended(self) -> bool:
        """Whether it was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self, *, was_asked: bool) -> None:
        """Bury the ended process and choose when the next starts, later each time that it ends by itself at once.

        Raises ChildKeepsDying at the fifth quick end in a row. A SIGKILL comes from outside and is not counted.
        """
        self.kill()
        now, code = time.monotonic(), self._exit_code
        has_worked = self.has_worked() if self.has_worked else now - self.started_at >= QUICK_LIFE_S
        is_quick = not has_worked and code != -signal.SIGKILL and not was_asked
        self.quick_lives = self.quick_lives + 1 if is_quick else 0
        if self.quick_lives >= QUICK_LIVES:
            raise ChildKeepsDying(
                f"{self.name} ended {QUICK_LIVES} times in a row as soon as it was started, with exit code {code}; "
                "what it said is above."
            )
        delay_s = FIRST_DELAY_S * 2**self.quick_lives if self.quick_lives else 0.0
        self.process, self.due_at = None, now + min(LONGEST_DELAY_S, delay_s)
        logger.warning("%s ended with exit code %s and is started anew", self.name, code)

    @property
    def _exit_code(self) -> int | None:
        return self.process.returncode if self.process else None


@dataclass(slots=True)
class Supervisor:
    """Starts its children, starts again those that end, and ends them all within 5 s of SIGINT or SIGTERM."""

    children: list[Child]
    ground: Path | None = None
    """The directory without which no child can live."""
    on_end: Callable[[], object] = lambda: None
    """Called when the end begins, before any child is told."""
    is_cut_off: Callable[[], bool] = lambda: False
    """Whether the children's database is away: what they wait for then comes no more."""
    _inbox: SimpleQueue[str | int] = field(default_factory=SimpleQueue)
    """Names of children to start anew and numbers of signals. Safe to write to from threads and signal handlers."""
    _to_restart: set[str] = field(default_factory=set)
    _first_ground: tuple[int, int] | None = None

    def run(self) -> None:
        """Keep the children alive until a signal comes; none of them is left when this returns or raises.

        To be called in the main thread, which alone starts processes: the kernel binds a child's life to the
        thread that started it. Raises CannotGoOn.
        """
        self._first_ground = _identity(self.ground)
        with self._signals():
            try:
                while not self._is_told_to_end():
                    self._look_after_all()
            finally:
                self._end_all()

    def restart(self, name: str) -> None:
        """Ask, from any thread, that the child of this name be killed and started anew."""
        self._inbox.put(name)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            numbers.append(signal.SIGHUP)
        former = {number: signal.signal(number, lambda number, _: self._inbox.put(number)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def _is_told_to_end(self) -> bool:
        """Wait a moment for news and return whether a signal was among it."""
        with suppress(Empty):
            news = self._inbox.get(timeout=LOOK_EVERY_S)
            if isinstance(news, int):
                return True
            self._to_restart.add(news)
        return False

    def _look_after_all(self) -> None:
        environment = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
        for child in self.children:
            if child.name in self._to_restart or child.has_ended:
                self._check_ground()
                child.plan_restart(was_asked=child.name in self._to_restart)
            if child.process is None and time.monotonic() >= child.due_at:
                child.start(environment)
        self._to_restart.clear()

    def _check_ground(self) -> None:
        if _identity(self.ground) != self._first_ground:
            raise GroundGone(f"The directory {self.ground} is gone, or another one: put it back, and start again.")

    def _end_all(self) -> None:
        """Ask every child to end; after seconds, or at a second signal, kill whatever is left of their sessions."""
        self.on_end()
        for child in self.children:
            child.terminate()
        until = time.monotonic() + (PATIENCE_CUT_OFF_S if self.is_cut_off() else PATIENCE_S)
        while self._some_live(self.children) and time.monotonic() < until and not self._is_told_to_end():
            pass
        for child in self.children:
            child.kill()

    @staticmethod
    def _some_live(children: Iterable[Child]) -> bool:
        return any(child.process is not None and not child.has_ended for child in children)


def _identity(directory: Path | None) -> tuple[int, int] | None:
    """Return what tells a directory from another one of its name; None: it is not there."""
    try:
        facts = directory.stat() if directory else None
    except OSError:
        return None
    return (facts.st_dev, facts.st_ino) if facts else None
