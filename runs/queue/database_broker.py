"""The queue in a table of the database."""

from django_q.brokers.orm import ORM

from runs.queue.pinging import Pinging


class DatabaseBroker(Pinging, ORM):  # type: ignore[misc]  # django-q2 has no types
    """Keeps tasks in django-q2's table."""
