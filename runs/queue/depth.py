"""How long the queue is, and whether its broker answers at all."""

from django.conf import settings
from django_q.brokers import get_broker

AWAY = (
    "queue: {where} does not answer; runs go on and new ones begin, while imports, deleting and other jobs wait. "
    "See to {where}; nothing has to be started anew"
)


def queue_depth() -> int | None:
    """Return how many tasks no worker has taken; None: the broker is away, which is not 0."""
    try:
        depth: int = get_broker().queue_size()
    except Exception:  # noqa: BLE001 - whatever the client of the broker raises
        return None
    return depth


def trouble_of_queue() -> str:
    """Return what is to be said while the broker is away; "": it answers."""
    if queue_depth() is not None:
        return ""
    return AWAY.format(where="Redis" if "redis" in settings.Q_CLUSTER else "the database")
