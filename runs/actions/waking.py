"""Waking lanes: one task of the queue, a trigger and nothing more."""

from django.db import transaction
from django_q.tasks import async_task


def wake_lanes() -> None:
    """Have a worker look for units to claim, once the present transaction is committed.

    A queue that cannot be reached is no error of the caller's, whose work is stored: the watcher wakes a lane.
    """
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    """Put the task into the queue. Its success is not kept: that took longer than all else where there is no work."""
    async_task("runs.tasks.work", q_options={"task_name": "work", "save": False})
