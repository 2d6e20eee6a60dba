"""Proving life by counting: a lane's beat moves only while its event loop and its database thread both do."""

import logging
import time

from runs.models import Lane

logger = logging.getLogger(__name__)

BEAT_EVERY_S = 1.0


class Pulse:
    """The heartbeat of one lane: the loop ticks, the database thread beats when the loop has ticked since."""

    def __init__(self, lane_id: int) -> None:
        self._lane_id = lane_id
        self._has_ticked = True
        self._beaten_at = 0.0
        self.is_lost = False
        """Whether somebody called this lane dead: its row is gone, its units are others'."""

    def loop_ticked(self) -> None:
        """Note that the event loop goes round."""
        self._has_ticked = True

    def is_due(self) -> bool:
        """Return whether a second has passed since the last beat."""
        return time.monotonic() - self._beaten_at >= BEAT_EVERY_S

    def beat(self) -> None:
        """Count one beat, if the event loop has gone round since the last."""
        self._beaten_at = time.monotonic()
        if not self._has_ticked:
            return
        self._has_ticked = False
        if not Lane.objects.beat_once(self._lane_id):
            self._lose()

    def look(self) -> bool:
        """Look whether this lane was called dead, as what it wrote of itself was refused; return whether it was."""
        if not Lane.objects.filter(pk=self._lane_id).exists():
            self._lose()
        return self.is_lost

    def _lose(self) -> None:
        if not self.is_lost:
            logger.warning("this worker was called dead while it lived: it stores what it has, others go on")
        self.is_lost = True
