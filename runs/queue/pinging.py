"""What every broker of the queue does besides: it pings its own host, and it is never the reason that a queue ends."""

import logging
import time
import uuid
from typing import Any

from django.utils import timezone
from django_q.signing import SignedPackage

logger = logging.getLogger(__name__)

PING_EVERY_S = 2.0
LOOK_AGAIN_AFTER_S = 1.0
ECHO = "runs.tasks.echo"
Delivery = tuple[int | None, str | bytes]
"""How the broker knows a task (None: it is none of its own) and the signed task."""


class Pinging:
    """To be put before a broker of django-q2.

    A ping goes from the process that fetches tasks straight to the workers of the same host. One that lay in the
    broker would be answered by whichever host is first, and by none while the broker is away.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pinged_at, self._is_away = float("-inf"), False

    def ping(self) -> bool:
        """Say that it is there: django-q2 asks before it starts, and would not start without it."""
        return True

    def dequeue(self) -> list[Delivery] | None:
        """Return the next tasks, the ping first when it is due; None: nothing came, or the broker is away."""
        if time.monotonic() - self._pinged_at >= PING_EVERY_S:
            self._pinged_at = time.monotonic()
            return [(None, packed_ping())]
        try:
            tasks: list[Delivery] | None = super().dequeue()  # type: ignore[misc]  # the broker's
        except Exception as error:  # noqa: BLE001 - whatever its client raises: django-q2 would pause for 10 s
            self._note_away(error)
            return None
        self._note_back()
        return tasks

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            logger.warning("the queue cannot be reached: %s", error)
        self._is_away = True
        time.sleep(LOOK_AGAIN_AFTER_S)

    def _note_back(self) -> None:
        if self._is_away:
            logger.warning("the queue can be reached again")
        self._is_away = False


def packed_ping() -> str:
    """Return a ping as django-q2 packs its tasks; its success is not kept."""
    name = f"ping-{uuid.uuid4().hex}"[:32]
    ping = {"id": name, "name": "ping", "func": ECHO, "args": (), "kwargs": {}, "started": timezone.now()}
    packed: str = SignedPackage.dumps({**ping, "save": False})
    return packed
