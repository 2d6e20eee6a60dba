"""Tasks that are due: what the queue is told to do and must not lose."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F

from runs.models.lanes import Lane

FIRST_WAIT_S, LONGEST_WAIT_S = 10, 3600


class DueTaskQuerySet(models.QuerySet[Any]):
    """Tasks that are due."""

    def waiting(self) -> Self:
        """Return those that nobody does."""
        return self.filter(lane=None)

    def like(self, due: DueTask) -> Self:
        """Return those that ask for the same, this one among them."""
        return self.filter(task=due.task, arguments=due.arguments)


class DueTask(models.Model):
    """What a worker is to do; gone when it is done. The queue only says when to look.

    Whose process was killed, whose function raised an error or whom the queue lost waits again, and is found by the
    watchers.
    """

    task = models.CharField(max_length=200, help_text="The function, by its dotted path.")
    arguments = models.JSONField(default=list, help_text="What it is called with: primary keys and numbers.")
    lane = models.ForeignKey(Lane, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Who does it.")
    tries = models.PositiveIntegerField(default=0, help_text="How often somebody began it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DueTaskQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.task}{tuple(self.arguments)}"

    @property
    def wait_s(self) -> int:
        """Seconds that it may wait until it is asked for again; the longer, the more often it was begun in vain."""
        return int(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** max(0, min(self.tries, 20) - 1)))

    def take(self, lane: Lane) -> bool:
        """Let this process do it; False when another does the same, which may have begun before it was asked for."""
        if DueTask.objects.like(self).exclude(lane=None).exists():
            return False
        taken = DueTask.objects.waiting().filter(pk=self.pk).update(lane=lane, tries=F("tries") + 1)
        if taken:
            DueTask.objects.waiting().like(self).delete()  # asked for before it begins: done with this one
        return bool(taken)

    def give_back(self) -> None:
        """Let it wait: it could not be done."""
        DueTask.objects.filter(pk=self.pk).update(lane=None)
