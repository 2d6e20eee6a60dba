"""The supervisor with real processes: nothing is left, however it ends, and nothing stays dead."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evalsite.supervisor import QUICK_LIVES, Child, ChildKeepsDying
from tests.waiting import lives, some_live, wait_until

pytestmark = pytest.mark.processes

START_S = 60
END_S = 25
ORPHAN_S = 25


@dataclass
class Tree:
    """A supervisor that runs with its children."""

    directory: Path
    top: subprocess.Popen[str]
    kinds: tuple[str, ...]
    known: set[int] = field(default_factory=set)

    def pids(self, kind: str) -> list[int]:
        """Return every process that this child has been, oldest first."""
        with suppress(FileNotFoundError):
            found = [int(line) for line in (self.directory / kind).read_text().split()]
            self.known.update(found)
            return found
        return []

    def wait_for(self, kind: str, count: int) -> list[int]:
        """Return the processes of a child once there have been `count`."""
        wait_until(lambda: len(self.pids(kind)) >= count, START_S, f"process {count} of {kind}")
        return self.pids(kind)


class Planter:
    """Starts trees and fells what a failed test leaves of them."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.trees = directory, list[Tree]()

    def __call__(self, *kinds: str) -> Tree:
        """Start a supervisor with one child of each kind."""
        command = [sys.executable, "-m", "tests.evalsite.supervised", str(self.directory), *kinds]
        top = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.trees.append(Tree(self.directory, top, kinds))
        return self.trees[-1]

    def fell(self) -> None:
        """Kill everything that still lives."""
        for tree in self.trees:
            tree.top.kill()
            tree.top.communicate()
            for kind in tree.kinds:
                tree.pids(kind)
            for pid in filter(lives, tree.known):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Planter]:
    """A maker of supervisors with children."""
    planter = Planter(tmp_path)
    yield planter
    planter.fell()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_supervisor_signal_ends_every_process(plant: Planter, number: signal.Signals) -> None:
    tree = plant("good", "forking")
    pids = tree.wait_for("good", 1) + tree.wait_for("forking", 2)

    tree.top.send_signal(number)

    assert tree.top.wait(timeout=END_S) == 0
    assert not some_live(pids)


def test_supervisor_child_deaf_to_sigterm_is_killed_in_time(plant: Planter) -> None:
    tree = plant("good", "stubborn")
    pids = tree.wait_for("good", 1) + tree.wait_for("stubborn", 1)

    tree.top.send_signal(signal.SIGINT)

    assert tree.top.wait(timeout=END_S) == 0
    assert not some_live(pids)


def test_supervisor_second_signal_ends_at_once(plant: Planter) -> None:
    tree = plant("stubborn")
    pids = tree.wait_for("stubborn", 1)

    tree.top.send_signal(signal.SIGINT)
    tree.top.send_signal(signal.SIGTERM)

    assert tree.top.wait(timeout=3) == 0
    assert not some_live(pids)


def test_supervisor_killed_leaves_no_process(plant: Planter) -> None:
    tree = plant("good", "stubborn", "forking")
    pids = tree.wait_for("good", 1) + tree.wait_for("stubborn", 1) + tree.wait_for("forking", 2)

    tree.top.kill()

    wait_until(lambda: not some_live(pids), ORPHAN_S, "the end of the orphans")


def test_supervisor_killed_where_the_kernel_tells_nothing_leaves_no_process(plant: Planter) -> None:
    tree = plant("watching")
    pids = tree.wait_for("watching", 1)

    tree.top.kill()

    wait_until(lambda: not some_live(pids), ORPHAN_S, "the end of the orphan")


def test_supervisor_child_killed_is_started_anew_and_its_forks_end(plant: Planter) -> None:
    tree = plant("forking")
    first = tree.wait_for("forking", 2)

    os.kill(first[0], signal.SIGKILL)

    assert len(tree.wait_for("forking", 4)) == 4
    assert not some_live(first)


def test_supervisor_child_that_ended_with_success_is_started_anew(plant: Planter) -> None:
    tree = plant("leaving")

    first, second = tree.wait_for("leaving", 2)

    assert not lives(first)
    assert lives(second)


def test_supervisor_asked_to_restart_replaces_a_hung_child(plant: Planter) -> None:
    tree = plant("stubborn", "good")
    (hung,), (other,) = tree.wait_for("stubborn", 1), tree.wait_for("good", 1)

    tree.top.send_signal(signal.SIGUSR1)

    _, fresh = tree.wait_for("stubborn", 2)
    assert lives(fresh)
    assert not lives(hung)
    assert lives(other)


def test_supervisor_child_that_keeps_failing_ends_everything_with_its_reason(plant: Planter) -> None:
    tree = plant("good", "failing")

    _, said = tree.top.communicate(timeout=START_S)

    assert tree.top.returncode == 1
    assert "failing ended 5 times in a row as soon as it was started, with exit code 3" in said
    assert len(tree.pids("failing")) == 5
    assert not some_live(tree.pids("good"))


def test_child_that_never_worked_is_given_up_however_long_it_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    never, works = (Child("queue", (), has_worked=lambda answer=answer: answer) for answer in (False, True))
    for child in (never, works):
        child.started_at = time.monotonic() - 60

    def fifth(child: Child) -> None:
        _ = [child.plan_restart(was_asked=False) for _ in range(QUICK_LIVES)]

    fifth(works)
    with pytest.raises(ChildKeepsDying, match="queue ended 5 times in a row"):
        fifth(never)


def test_supervisor_whose_directory_is_gone_ends_with_a_sentence(plant: Planter, tmp_path: Path) -> None:
    tree = plant("good")
    (pid,) = tree.wait_for("good", 1)
    tmp_path.rename(tmp_path.with_name("elsewhere"))

    os.kill(pid, signal.SIGKILL)
    _, said = tree.top.communicate(timeout=START_S)
    tmp_path.with_name("elsewhere").rename(tmp_path)

    assert tree.top.returncode == 1
    assert f"The directory {tmp_path} is gone" in said
