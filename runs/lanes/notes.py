"""What a lane does at this moment, noted where its death leaves it: whose work it does, which calls are open.

The notes are a few words of memory that the operating system keeps in a file, so that a crash leaves them as they
were and a note costs no call of it. Who buries the lane on the same machine reads what it died at.
"""

import logging
import mmap
from collections.abc import Awaitable, Generator, Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import coroutine
from typing import Any, TypeVar

from runs.lanes.mapped import mapped, reserved

logger = logging.getLogger(__name__)
T = TypeVar("T")

PREFIX, SUFFIX = "lane-", ".notes"
STEP, SLOTS, SLOT_BYTES, SAID_BYTES = 0, 2048, 8, 1024
WORKED, CALLED = slice(0, SLOTS), slice(SLOTS, 2 * SLOTS)
WORDS_BYTES = 2 * SLOTS * SLOT_BYTES
SIZE = WORDS_BYTES + SAID_BYTES


@dataclass(frozen=True, slots=True)
class Noted:
    """What a lane that is gone was at, as ids of results."""

    worked: Set[int] = frozenset()
    """Those that its own process worked on."""
    called: Set[int] | None = None
    """Those whose calls were open; None: it was a lane of another machine, and nobody knows."""


class Slots:
    """A set of results in noted memory. More than there is room for are left out."""

    def __init__(self, words: "memoryview[int]", *, first: int = 0) -> None:
        """`words` are 0 where nothing is noted; the first so many belong to others."""
        self._words, self._free = words, list(range(first, len(words)))

    def put(self, result_id: int) -> int:
        """Note a result; return what `clear` takes."""
        slot = self._free.pop() if self._free else -1
        if slot >= 0:
            self._words[slot] = result_id
        return slot

    def clear(self, slot: int) -> None:
        """Take a note out."""
        if slot >= 0:
            self._words[slot] = 0
            self._free.append(slot)


class Notes:
    """The notes of one lane. Used in the event loop only."""

    def __init__(self, folder: Path, lane_id: int) -> None:
        """A disk that takes nothing costs the notes, not the run."""
        self._path = _path(folder, lane_id)
        try:
            self._memory = mapped(reserved(self._path, SIZE), SIZE)
        except OSError as error:
            logger.warning("what this worker does cannot be noted in %s: %s", folder, error)
            self._memory = mmap.mmap(-1, SIZE)
        words = memoryview(self._memory)[:WORDS_BYTES].cast("q")
        self._slots = words[WORKED]
        self._worked = Slots(self._slots, first=STEP + 1)
        self.calls = Slots(words[CALLED])
        """The results whose calls are open."""

    @coroutine
    def stepping(self, result_id: int, work: Awaitable[T]) -> Generator[Any, Any, T]:
        """Return what `work` returns; each of its steps, from one wait to the next, is noted."""
        slots, steps = self._slots, work.__await__()
        step, given = steps.send, None
        while True:
            slots[STEP] = result_id
            try:
                awaited = step(given)
            except StopIteration as end:
                value: T = end.value
                return value
            finally:
                slots[STEP] = 0
            try:
                given = yield awaited
                step = steps.send
            except BaseException as error:  # noqa: BLE001 - as `await` does, also a cancellation
                step, given = steps.throw, error

    @contextmanager
    def busy(self, result_id: int) -> Iterator[None]:
        """Note a result while code of others may work on it, in threads and tasks of its own."""
        slot = self._worked.put(result_id)
        try:
            yield
        finally:
            self._worked.clear(slot)

    def say(self, sentence: str) -> None:
        """Note why nothing can be stored, "" when all is well: here there is room also when the disk is full."""
        said = sentence.encode()[:SAID_BYTES]
        self._memory[WORDS_BYTES:] = said.ljust(SAID_BYTES, b"\0")

    def close(self) -> None:
        """Remove the file: its lane ends well."""
        self._path.unlink(missing_ok=True)


def _path(folder: Path, lane_id: int) -> Path:
    return folder / f"{PREFIX}{lane_id}{SUFFIX}"


def noted_of(folder: Path, lane_id: int) -> Noted:
    """Return what a dead lane was at."""
    try:
        noted = _path(folder, lane_id).read_bytes()
    except OSError:
        return Noted()
    if len(noted) < SIZE:
        return Noted()
    words = memoryview(noted)[:WORDS_BYTES].cast("q")
    return Noted(set(words[WORKED]) - {0}, set(words[CALLED]) - {0})


def forget_notes(folder: Path, lane_id: int) -> None:
    """Forget what a dead lane was at: it is booked."""
    with suppress(OSError):
        _path(folder, lane_id).unlink()


def sayings(folder: Path) -> dict[int, str]:
    """Return why lanes of this machine cannot store anything, by their ids; those that can are left out."""
    named = {path.stem.removeprefix(PREFIX): path for path in folder.glob(f"{PREFIX}*{SUFFIX}")}
    return {int(lane): said for lane, path in named.items() if lane.isdecimal() and (said := _said_in(path))}


def _said_in(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(WORDS_BYTES)
            said = file.read(SAID_BYTES)
    except OSError:
        return ""
    return said.rstrip(b"\0").decode(errors="ignore")
