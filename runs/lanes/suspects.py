"""Finding what crashes lanes: a lane notes on disk whose work it does, and who buries it reads what it died at.

The notes are a few words of memory that the operating system keeps in a file, so that a crash leaves them as they
were and a note costs no call. A result at which lanes died twice is worked alone, by a lane that has nothing else on
its way; one that lets that lane die too is given up.
"""

import logging
import mmap
import os
from collections.abc import Awaitable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")

ALONE_AFTER, GIVEN_UP_AFTER = 2, 3
GIVEN_UP = "given up: three workers died while they worked on this item; look at its scorers and runner"
STEP, FIRST_OTHER, SLOTS, SLOT_BYTES = 0, 1, 2048, 8
SLOTS_BYTES, SAID_BYTES = SLOTS * SLOT_BYTES, 1024


class Notes:
    """The results that a lane works on in its own process at this moment. Used in the event loop only."""

    def __init__(self, folder: Path, lane_id: int) -> None:
        """A disk that takes nothing costs the notes, not the run."""
        self._path = _path(folder, lane_id)
        try:
            self._memory = _reserved(self._path)
        except OSError as error:
            logger.warning("what this worker does cannot be noted in %s: %s", folder, error)
            self._memory = mmap.mmap(-1, SLOTS_BYTES + SAID_BYTES)
        self._slots = memoryview(self._memory)[:SLOTS_BYTES].cast("q")
        self._free = list(range(FIRST_OTHER, SLOTS))

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
        slot = self._free.pop() if self._free else None
        if slot is not None:
            self._slots[slot] = result_id
        try:
            yield
        finally:
            if slot is not None:
                self._slots[slot] = 0
                self._free.append(slot)

    def say(self, sentence: str) -> None:
        """Note why nothing can be stored, "" when all is well: here there is room also when the disk is full."""
        said = sentence.encode()[:SAID_BYTES]
        self._memory[SLOTS_BYTES:] = said.ljust(SAID_BYTES, b"\0")

    def close(self) -> None:
        """Remove the file: its lane ends well."""
        self._path.unlink(missing_ok=True)


def _path(folder: Path, lane_id: int) -> Path:
    return folder / f"lane-{lane_id}.notes"


def _reserved(path: Path) -> mmap.mmap:
    """Return a file as memory. Its room is reserved: a note that found the disk full would kill the process."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, SLOTS_BYTES + SAID_BYTES)
        else:
            os.write(file, bytes(SLOTS_BYTES + SAID_BYTES))
        return mmap.mmap(file, SLOTS_BYTES + SAID_BYTES)
    finally:
        os.close(file)


def noted_of(folder: Path, lane_id: int) -> set[int]:
    """Return the results that a dead lane of this machine worked on, and forget them."""
    path = _path(folder, lane_id)
    try:
        slots = memoryview(path.read_bytes()[:SLOTS_BYTES]).cast("q")
        path.unlink()
    except (OSError, TypeError):
        return set()
    return set(slots) - {0}


def said_by(folder: Path, lane_id: int) -> str:
    """Return why a lane of this machine cannot store anything; "": it can, or it is of another machine."""
    try:
        said = _path(folder, lane_id).read_bytes()[SLOTS_BYTES:]
    except OSError:
        return ""
    return said.rstrip(b"\0").decode(errors="ignore")


def with_deaths(deaths: Mapping[str, int], ordinals: Collection[int]) -> dict[str, int]:
    """Return the deaths by ordinal with one more at each of these."""
    return {**deaths, **{str(ordinal): deaths.get(str(ordinal), 0) + 1 for ordinal in ordinals}}


def has_suspect(deaths: Mapping[str, int]) -> bool:
    """Return whether an ordinal is to be worked alone."""
    return any(count >= ALONE_AFTER for count in deaths.values())


def next_alone(deaths: Mapping[str, int], missing: Collection[int]) -> int | None:
    """Return the first missing ordinal that is to be worked alone; None: there is none."""
    return min((ordinal for ordinal in missing if deaths.get(str(ordinal), 0) >= ALONE_AFTER), default=None)
