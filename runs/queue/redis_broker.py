"""The queue in Redis."""

from typing import Any

import redis
from django.conf import settings
from django_q.brokers.redis_broker import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from runs.queue.pinging import Pinging


class RedisBroker(Pinging, Redis):  # type: ignore[misc]  # django-q2 has no types
    """Keeps tasks in a list of Redis."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> Any:  # noqa: ARG004 - django-q2 names it
        """Return a client that gives up at the first silence: who presses a button waits for it."""
        return redis.from_url(settings.Q_CLUSTER["redis"], retry=Retry(NoBackoff(), 0))
