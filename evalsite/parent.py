"""No process of the site outlives the one that started it, however that one ends."""

import ctypes
import os
import signal
import sys
import threading
import time

PARENT_VARIABLE = "EVALSITE_PARENT"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_EVERY_S = 1.0

_own_pid = 0


def die_with_parent() -> None:
    """Bind this process to its supervisor's life, and all processes that it will fork to their forker's.

    Does nothing when no supervisor started it: `EVALSITE_PARENT`, the supervisor's pid, is not set. Programs that
    this process starts do not inherit the variable, since they have another parent.
    """
    parent = os.environ.pop(PARENT_VARIABLE, None)
    if parent is None:
        return
    global _own_pid
    _own_pid = os.getpid()
    bind_to(int(parent))
    os.register_at_fork(after_in_child=_bind_fork)


def is_supervised() -> bool:
    """Return whether a supervisor started this process."""
    return _own_pid != 0


def bind_to(parent: int, *, by_kernel: bool = True) -> None:
    """Let this process be killed when its parent ends; where the kernel does not do it, a thread looks each second."""
    if not (by_kernel and _kernel_kills()):
        threading.Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()
    elif os.getppid() != parent:  # it ended before the kernel knew
        os.kill(os.getpid(), signal.SIGKILL)


def _bind_fork() -> None:
    global _own_pid
    parent, _own_pid = _own_pid, os.getpid()
    bind_to(parent)


def _kernel_kills() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    return prctl is not None and prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)
