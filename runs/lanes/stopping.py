"""How the lanes of a host hear that they are to end: a byte of memory that the queue's processes share.

The queue itself tells its workers only between two tasks, and a lane is one long task. No lock guards the byte: a
process that is killed while it looks could never give it back.
"""

import multiprocessing
from multiprocessing.sharedctypes import RawValue

_told: "RawValue | None" = None  # type: ignore[valid-type]


def share() -> None:
    """Let this process, and all that it will fork, hear of `tell`. To be called before the first of them starts."""
    global _told
    _told = multiprocessing.get_context("fork").RawValue("b", 0)


def tell() -> None:
    """Ask every lane of the processes that share the byte to store what it has and end. Safe in a signal handler."""
    if _told is not None:
        _told.value = 1


def is_told() -> bool:
    """Return whether the lanes are to end; never where nothing is shared, as in a command of its own."""
    return _told is not None and bool(_told.value)


def forget() -> None:
    """Share nothing any more."""
    global _told
    _told = None
