"""Lanes and hosts, which prove life by counting; and their shares of the providers' limits."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from experiments.models import Provider


class LaneKind(models.TextChoices):
    """What a row stands for."""

    LANE = "lane", "lane"  # one process's event loop that works on units
    JOB = "job", "job"  # a worker process that does anything else; its host's watcher beats for it
    HOST = "host", "host"  # the main process of `up` or `worker`; an idle site has hosts and no lanes


class LaneQuerySet(models.QuerySet[Any]):
    """Lanes and hosts."""

    def lanes(self) -> Self:
        """Return the event loops that work on units."""
        return self.filter(kind=LaneKind.LANE)

    def jobs(self) -> Self:
        """Return the worker processes that do a job."""
        return self.filter(kind=LaneKind.JOB)

    def hosts(self) -> Self:
        """Return the main processes."""
        return self.filter(kind=LaneKind.HOST)

    def beat_once(self, pk: int) -> bool:
        """Count one beat; False when the row is gone: somebody called it dead."""
        return bool(self.filter(pk=pk).update(beat=models.F("beat") + 1))


class Lane(models.Model):
    """A living process. Its row goes when it ends or is called dead."""

    kind = models.CharField(max_length=4, choices=LaneKind.choices, default=LaneKind.LANE)
    host = models.CharField(max_length=255, help_text="The machine's name.")
    pid = models.PositiveIntegerField()
    beat = models.BigIntegerField(default=0)
    is_foreground = models.BooleanField(default=False, help_text="It belongs to a command, not to the workers.")
    started_at = models.DateTimeField(auto_now_add=True)

    objects = LaneQuerySet.as_manager()

    class Meta:
        indexes = [
            # The watcher and the lanes themselves: who lives.
            models.Index(fields=["kind", "host"], name="lane_kind_host"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.host}, pid {self.pid})"


class ProviderShare(models.Model):
    """A lane's part of a provider's limits; gone with the lane."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="shares")
    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="shares")
    granted = models.PositiveIntegerField(default=0, help_text="Calls that the lane may have open.")
    wanted = models.PositiveIntegerField(default=0, help_text="Calls that it would open if it might.")
    open_count = models.PositiveIntegerField(default=0, help_text="Calls that it had open when it last asked.")
    waiting_count = models.PositiveIntegerField(default=0, help_text="Calls that waited when it last asked.")
    is_short = models.BooleanField(default=False, help_text="It got fewer calls of the minute than it asked for.")
    planned_until_s = models.FloatField(default=0.0, help_text="Until when its part of the line's time is used.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "lane"], name="share_once_per_lane")]

    def __str__(self) -> str:
        return f"{self.granted} of {self.provider} for {self.lane}"
