"""How the queue of a host proves that it comes round: it writes the moment of its last echo where the watcher reads it.

A file without a name that both have open: neither a full disk, nor a slow database, nor the worker of another host can
stand between them. All moments are those of the machine's monotonic clock.
"""

import os
import struct
import tempfile
import time
from typing import Self

MOMENT = struct.Struct("d")
NEVER = float("-inf")

_echoes: "Echoes | None" = None


class Echoes:
    """The file, by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        """`descriptor` is one that this process made or has inherited."""
        self.descriptor = descriptor

    @classmethod
    def make(cls) -> Self:
        """Return a new one that has heard nothing; its room on the disk is taken at once."""
        with tempfile.TemporaryFile() as file:
            echoes = cls(os.dup(file.fileno()))
        echoes.say(NEVER)
        return echoes

    def say(self, at_s: float) -> None:
        """Write down the moment of an echo."""
        os.pwrite(self.descriptor, MOMENT.pack(at_s), 0)

    def heard_at(self) -> float:
        """Return the moment of the last echo; minus infinity: there was none."""
        moment: float = MOMENT.unpack(os.pread(self.descriptor, MOMENT.size, 0))[0]
        return moment


def echo_into(descriptor: int) -> None:
    """Let the echoes of this process, and of all that it will fork, go to a file that it inherited."""
    global _echoes
    _echoes = Echoes(descriptor)


def echo() -> None:
    """Tell the watcher of this host that its queue comes round; nothing where nobody watches."""
    if _echoes is not None:
        _echoes.say(time.monotonic())
