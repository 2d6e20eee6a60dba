"""Working on runs in the foreground: a command that is a lane itself, until its runs stand still."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

from runs.lane import LaneLoop, loop_runner, register
from runs.models import Lane, LaneKind, Run
from runs.takeover import owner_name

INTERRUPTED = "interrupted: run the same command again to go on"
CHECK_EVERY_S = 0.1


class Foreground:
    """This process as a lane of its own, for the runs that it owns."""

    def __init__(self) -> None:
        self._row: Lane = register(LaneKind.LANE, is_foreground=True)
        self.is_interrupted = False

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
        await lane.run(until=StandingStill(run_ids, lane))

    def _interrupt(self, lane: LaneLoop) -> None:
        self.is_interrupted = True
        lane.stop(INTERRUPTED)

    def leave(self) -> None:
        """Take this command's row out, whatever happened."""
        Lane.objects.filter(pk=self._row.pk).delete()


class StandingStill:
    """Asks the lane's database thread, every now and then, whether all runs have ended or are paused."""

    def __init__(self, run_ids: Sequence[int], lane: LaneLoop) -> None:
        self._run_ids, self._lane = list(run_ids), lane
        self._answer: asyncio.Task[bool] | None = None

    def __call__(self, lane: LaneLoop) -> bool:
        """Return whether they stood still when last asked, with nothing on its way."""
        if lane.is_busy:
            return False
        if self._answer is None or self._answer.done():
            known = self._answer is not None and self._answer.result()
            self._answer = asyncio.get_running_loop().create_task(lane.ask(self._all_still))
            return known
        return False

    def _all_still(self) -> bool:
        return not Run.objects.runnable().filter(pk__in=self._run_ids).exists()
