"""Files as memory: what is put there outlives the process, and putting it costs no call of the operating system.

Such a call would let go of the interpreter's lock, and the event loop would wait for it while the database thread
has it: a quarter of the loop's time went into writing answers down before they were put into memory.
"""

import mmap
import os
from pathlib import Path


def reserved(path: Path, size: int) -> int:
    """Return a new file of `size` zero bytes, open, for this user alone. Raises OSError on a full disk.

    Its room is reserved: memory that found the disk full when it is written to would kill the process.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
        else:
            os.write(file, bytes(size))
    except OSError:
        os.close(file)
        raise
    return file


def mapped(file: int, size: int) -> mmap.mmap:
    """Return an open file as memory, and close it: the memory keeps it, and with it its lock, for as long as it is."""
    try:
        return mmap.mmap(file, size)
    finally:
        os.close(file)
