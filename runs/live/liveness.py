"""Whether any worker lives, for whoever hands work over and cannot wait long for the answer."""

import time
from collections.abc import Callable

from runs.live.watching import living_host
from runs.models import Lane

KNOWN_FOR_S = 5.0
NO_WORKER = "waits for a worker: none is running; start one with `evalsite worker`"


class WorkerWatch:
    """Looks for a host whose beat moves, and remembers for 5 s that one did."""

    def __init__(
        self, *, look: Callable[[], object | None] = living_host, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._clock = look, clock
        self._seen_at = float("-inf")

    def is_alive(self) -> bool:
        """Return whether a worker lives; takes up to 2 s where one died without a trace, else one beat at most."""
        if self._clock() - self._seen_at < KNOWN_FOR_S:
            return True
        if not Lane.objects.hosts().exists() or self._look() is None:
            return False
        self._seen_at = self._clock()
        return True


workers = WorkerWatch()
"""What this process knows of the workers."""
