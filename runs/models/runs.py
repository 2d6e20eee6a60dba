"""Runs: one candidate's way through an experiment, or an ad-hoc configuration over one input."""

from __future__ import annotations

import logging
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from experiments.models import Candidate, CaseList, Experiment, Provider
from experiments.models.projects import VisibleQuerySet
from runs.models.preparations import Preparation
from runs.news import tell
from runs.signals import run_ended

logger = logging.getLogger(__name__)


class RunStatus(models.TextChoices):
    """Where a run stands (docs/concepts.md)."""

    PENDING = "pending", "pending"  # planned, no worker yet
    RUNNING = "running", "running"  # a lane works on it, or will go on at once
    PAUSED = "paused", "paused"  # by a person or by the site, with the reason
    COMPLETED = "completed", "completed"  # every planned result exists; errors may be among them
    FAILED = "failed", "failed"  # could not go on, with the reason; never because of single results
    CANCELLED = "cancelled", "cancelled"  # stopped by a person; results are kept


RUNNABLE = (RunStatus.PENDING, RunStatus.RUNNING)
ACTIVE = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.PAUSED)
FINISHED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)
PAUSED_BY = "paused by "
"""How the reason begins where a person paused a run, and not the site."""


class RunQuerySet(VisibleQuerySet):
    """Runs."""

    project_path = "experiment__project"

    def pending(self) -> Self:
        """Return those that no worker has begun."""
        return self.filter(status=RunStatus.PENDING)

    def runnable(self) -> Self:
        """Return those whose units may be claimed."""
        return self.filter(status__in=RUNNABLE)

    def active(self) -> Self:
        """Return those that have not ended."""
        return self.filter(status__in=ACTIVE)

    def finished(self) -> Self:
        """Return those that have ended, whichever way."""
        return self.filter(status__in=FINISHED)

    def planned(self) -> Self:
        """Return the runs of candidates over the dataset: not the ad-hoc ones."""
        return self.filter(is_ad_hoc=False)


class Run(models.Model):
    """What is done, for whom, and how far it is; what it used is stored with it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="runs")
    candidate = models.ForeignKey(Candidate, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="runs")
    case_list = models.ForeignKey(CaseList, on_delete=models.PROTECT, related_name="runs")
    preparation = models.ForeignKey(Preparation, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs")
    is_ad_hoc = models.BooleanField(default=False)
    name = models.CharField(max_length=200, help_text="The candidate's name at the start.")
    config = models.JSONField(help_text="kind, base_url, model, messages, params; input_data for ad-hoc runs.")
    config_hash = models.CharField(max_length=64)
    case_limit = models.PositiveIntegerField(help_text="Cases below this position are planned.")
    trials = models.PositiveIntegerField(default=1)
    planned_count = models.PositiveIntegerField(default=0)
    timeout_s = models.FloatField(null=True, blank=True)
    is_reusing = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.PENDING)
    status_reason = models.TextField(blank=True)
    owner = models.CharField(
        max_length=100, blank=True, help_text="The foreground command that works on it; empty: the workers."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "case_list", "config_hash"],
                condition=Q(is_ad_hoc=False),
                name="run_planned_once",
            ),
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=FINISHED, completed_at__isnull=False)
                | Q(status__in=ACTIVE, completed_at__isnull=True),
                name="run_completed_at_when_finished",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=(RunStatus.PAUSED, RunStatus.FAILED)) | ~Q(status_reason=""),
                name="run_stopped_with_reason",
            ),
        ]
        indexes = [
            # The runs list and GET runs/: newest started first, never-started last.
            models.Index(fields=["-started_at", "-id"], name="run_started"),
            # Lanes and the watcher: which runs may be worked on.
            models.Index(fields=["status"], condition=Q(status__in=RUNNABLE), name="run_runnable"),
            # Reuse of a whole ad-hoc run, and the runs of a configuration.
            models.Index(fields=["config_hash"], name="run_config_hash"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_finished(self) -> bool:
        """Whether it has ended, whichever way."""
        return self.status in FINISHED

    @property
    def duration_ms(self) -> int | None:
        """Milliseconds from start to end, to now while it goes on; None before the start."""
        if self.started_at is None:
            return None
        return int(((self.completed_at or timezone.now()) - self.started_at).total_seconds() * 1000)

    @property
    def is_paused(self) -> bool:
        """Whether it stands until somebody lets it go on."""
        return self.status == RunStatus.PAUSED

    @property
    def is_paused_by_person(self) -> bool:
        """Whether a person paused it: then nothing has to be mended before it goes on."""
        return self.status == RunStatus.PAUSED and self.status_reason.startswith(PAUSED_BY)

    @property
    def reason(self) -> str:
        """Why it stands still, or waits while it runs; "": it does not."""
        if self.status in RUNNABLE and self.provider.is_paused:
            return f"waits: {self.provider} is {self.provider.pause_reason}"
        return self.status_reason

    def await_preparation(self) -> bool:
        """Wait, as new, for the job that plans it; False when it waits already."""
        stopped = (RunStatus.PAUSED, *FINISHED)
        return self._move(stopped, RunStatus.PENDING, status_reason="", completed_at=None)

    def begin(self) -> bool:
        """Move from pending to running; False when another lane was first."""
        first_start = Coalesce("started_at", timezone.now())
        return self._move((RunStatus.PENDING,), RunStatus.RUNNING, started_at=first_start)

    def pause(self, reason: str) -> bool:
        """Let no new call begin, for this reason; False when it was not runnable."""
        return self._move(RUNNABLE, RunStatus.PAUSED, status_reason=reason)

    def resume(self) -> bool:
        """Go on after a pause; False when it was not paused."""
        first_start = Coalesce("started_at", timezone.now())
        return self._move((RunStatus.PAUSED,), RunStatus.RUNNING, status_reason="", started_at=first_start)

    def cancel(self, reason: str) -> bool:
        """End it where it stands, results kept; False when it had ended."""
        ended_at = timezone.now()
        return self._move(ACTIVE, RunStatus.CANCELLED, status_reason=reason, completed_at=ended_at, preparation=None)

    def complete(self, *, unless: Q | None = None) -> bool:
        """End it with every planned result there; False when it was not runnable.

        `unless` is looked at in the same statement: False where it holds.
        """
        return self._move(RUNNABLE, RunStatus.COMPLETED, but=unless, status_reason="", completed_at=timezone.now())

    def fail(self, reason: str) -> bool:
        """End it since it cannot go on, for this reason; False when it had ended."""
        return self._move(ACTIVE, RunStatus.FAILED, status_reason=reason, completed_at=timezone.now())

    def reopen(self) -> bool:
        """Go on after the end (continue, retry, more trials); False when it had not ended."""
        return self._move(FINISHED, RunStatus.RUNNING, status_reason="", completed_at=None)

    def _move(self, before: tuple[RunStatus, ...], after: RunStatus, *, but: Q | None = None, **values: object) -> bool:
        """Write the new status if the old one still holds; this object then shows what is stored."""
        movable = Run.objects.filter(pk=self.pk, status__in=before)
        moved = (movable.exclude(but) if but else movable).update(status=after, **values)
        if moved:
            self.refresh_from_db(fields=["status", *values])
            self._tell_log()
            tell()
            if after in FINISHED:
                run_ended.send(sender=Run, run=self)
        return bool(moved)

    def _tell_log(self) -> None:
        reason = f": {self.status_reason}" if self.status_reason else ""
        fields = {"run": str(self.uid), "status": self.status, "reason": self.status_reason, "run_name": self.name}
        logger.info("run %s is %s%s", self.uid, self.status, reason, extra=fields)
