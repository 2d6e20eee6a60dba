"""Working on runs in the foreground: a command that is a lane itself, until its runs stand still."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from runs.lanes.lane import LaneLoop, loop_runner, register
from runs.lanes.takeover import owner_name
from runs.models import Lane, LaneKind, Run
from runs.watcher import BeatWatch, bury_the_dead

INTERRUPTED = "interrupted: run the same command again to go on"
ASK_EVERY_S = 0.1
ASK_BUSY_EVERY_S = 1.0


class Foreground:
    """This process as a lane of its own, for the runs that it owns."""

    def __init__(self) -> None:
        self._row: Lane = register(LaneKind.LANE, is_foreground=True)
        self._watch = BeatWatch()
        self.is_interrupted = False
        bury_the_dead(self._watch, but=self._row)

    @property
    def owner(self) -> str:
        """What `Run.owner` says of the runs that this command works on."""
        return owner_name(self._row.pk)

    def work(self, run_ids: Sequence[int]) -> None:
        """Work until every run has ended or is paused. Ctrl-C saves what there is and pauses them."""
        loop_runner(lambda: self._work(run_ids))
        if self.is_interrupted:
            for run in Run.objects.filter(pk__in=run_ids):
                run.pause(INTERRUPTED)

    async def _work(self, run_ids: Sequence[int]) -> None:
        lane = LaneLoop(self._row, owner=self.owner)
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, ValueError):  # only the main thread hears signals
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, self._interrupt, lane)
        await lane.run(until=StandingStill(lane, lambda: self._all_still(run_ids)))

    def _all_still(self, run_ids: Sequence[int]) -> bool:
        """Return whether every run has ended or is paused. Where no worker lives nobody else buries the dead."""
        bury_the_dead(self._watch, but=self._row)
        return not Run.objects.runnable().filter(pk__in=run_ids).exists()

    def _interrupt(self, lane: LaneLoop) -> None:
        self.is_interrupted = True
        lane.stop(INTERRUPTED)

    def beat(self) -> None:
        """Show that this command lives while it does not work on runs yet."""
        Lane.objects.beat_once(self._row.pk)

    def leave(self) -> None:
        """Take this command's row out, whatever happened."""
        Lane.objects.filter(pk=self._row.pk).delete()


class StandingStill:
    """Asks, in the lane's database thread, whether there is nothing left to do; less often while it works."""

    def __init__(self, lane: LaneLoop, is_still: Callable[[], bool]) -> None:
        self._lane, self._is_still = lane, is_still
        self._answer: asyncio.Task[bool] | None = None
        self._asked_at = float("-inf")

    def __call__(self, lane: LaneLoop) -> bool:
        """Return whether everything stood still when last asked, with nothing on its way."""
        if self._answer is not None and self._answer.done():
            is_still, self._answer = self._answer.result(), None
            return is_still and not lane.is_busy
        pause_s = ASK_BUSY_EVERY_S if lane.is_busy else ASK_EVERY_S
        if self._answer is None and time.monotonic() - self._asked_at >= pause_s:
            self._asked_at = time.monotonic()
            self._answer = asyncio.get_running_loop().create_task(lane.ask(self._is_still))
            self._answer.add_done_callback(lambda _: lane.look_again())
        return False
