"""A lane's bookkeeping: scores of its runs are summed up, and runs completed, beside the storing of results."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

from django.db import OperationalError, connection, connections

from runs.lanes.finishing import finish_if_done, sum_up_so_far
from runs.models import Run

logger = logging.getLogger(__name__)

REFRESH_S = 5.0
REFRESH_LARGE_S = 60.0
LARGE = 50_000
"""Planned results above which the scores of a run that goes on are summed up less often."""
RETRY_PAUSE_S = 1.0
TRIES = 3


class Bookkeeper(threading.Thread):
    """A second database thread of a lane: neither storing nor the heartbeat waits for scores to be summed up.

    While the database is away it tries again; a run whose scores cannot be summed up for another reason fails.
    """

    def __init__(
        self,
        *,
        finish: Callable[[int], object] = finish_if_done,
        sum_up: Callable[[int], object] = sum_up_so_far,
        done: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`finish` and `sum_up` take a run's id; `done` is called, in the thread, when all that was asked is done."""
        super().__init__(name="bookkeeping", daemon=True)
        self._finish, self._sum_up, self._done, self._clock = finish, sum_up, done, clock
        self._asked: dict[int, Callable[[int], object]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._is_closing = False
        self._due_at: dict[int, float] = {}
        self._failures: Counter[int] = Counter()

    def unit_done(self, run_id: int) -> None:
        """Complete the run soon, if this was its last unit."""
        self._ask(run_id, self._finish)

    def stands_still(self, run_id: int) -> None:
        """Sum up the scores of a run that nobody here works on any more."""
        self._ask(run_id, self._sum_up)

    def goes_on(self, runs: Iterable[Run]) -> None:
        """Sum up the scores of these runs where that has become due: every 5 s, of large ones every 60 s."""
        now = self._clock()
        for run in runs:
            pause_s = REFRESH_LARGE_S if run.planned_count > LARGE else REFRESH_S
            if now >= self._due_at.setdefault(run.pk, now + pause_s):
                self._due_at[run.pk] = now + pause_s
                self._ask(run.pk, self._sum_up)

    def close(self) -> None:
        """End the thread once all that was asked for is done."""
        self._is_closing = True
        self._wake.set()
        self.join()

    def run(self) -> None:
        """Do what is asked for until closed."""
        while self._asked or not self._is_closing:
            self._wake.wait()
            self._wake.clear()
            self.work_off()
            if self._is_closing:
                self._wake.set()
        connections.close_all()

    def work_off(self) -> None:
        """Do once what was asked for so far."""
        with self._lock:
            asked, self._asked = self._asked, {}
        for run_id, task in asked.items():
            self._do(run_id, task)
        self._done()

    def _ask(self, run_id: int, task: Callable[[int], object]) -> None:
        with self._lock:
            if self._asked.get(run_id) is not self._finish:  # which sums up as well
                self._asked[run_id] = task
        self._wake.set()

    def _do(self, run_id: int, task: Callable[[int], object]) -> None:
        try:
            task(run_id)
        except OperationalError as error:
            self._away(run_id, task, error)
        except Exception as error:
            logger.exception("the scores of run %d cannot be summed up", run_id)
            self._failed(run_id, task, error)
        else:
            self._failures.pop(run_id, None)

    def _away(self, run_id: int, task: Callable[[int], object], error: OperationalError) -> None:
        """Try again later; a lane that ends does not wait for ever: whoever finds the run next completes it."""
        logger.warning("bookkeeping waits: %s", error)
        connection.close()
        self._failures[run_id] += self._is_closing
        if self._failures[run_id] < TRIES:
            time.sleep(RETRY_PAUSE_S)
            self._ask(run_id, task)

    def _failed(self, run_id: int, task: Callable[[int], object], error: Exception) -> None:
        self._failures[run_id] += 1
        if self._failures[run_id] < TRIES:
            self._ask(run_id, task)
            return
        run = Run.objects.filter(pk=run_id).first()
        if run is not None:
            run.fail(f"its scores cannot be summed up: {type(error).__name__}: {error}. Its results are kept.")
