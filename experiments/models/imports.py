"""Imports of data files, and copies of versions: written by a job."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from experiments.models.datasets import DatasetVersion
from experiments.models.projects import Project, VisibleQuerySet


class ImportStatus(models.TextChoices):
    """How far an import is."""

    UPLOADED = "uploaded", "uploaded"  # a person says what its columns mean
    RUNNING = "running", "running"  # a job reads and writes, or is about to
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"  # nothing was kept; `detail` says why
    CANCELLED = "cancelled", "cancelled"  # nothing was kept


class DataImportQuerySet(VisibleQuerySet):
    """Imports."""

    def held(self, pk: int, lease: int) -> Self:
        """Return the import if it goes on and no other job has taken it over since this lease."""
        return self.filter(pk=pk, lease=lease, status=ImportStatus.RUNNING)

    def unfinished(self) -> Self:
        """Return those that a job has to work on: running ones, and cancelled ones that have to be taken back."""
        running = Q(status=ImportStatus.RUNNING)
        return self.filter(running | Q(status=ImportStatus.CANCELLED, ended_at=None), lease__gte=0)


class DataImport(models.Model):
    """One file, or the items of one version, on the way into a dataset."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    dataset_name = models.CharField(max_length=200)
    file_name = models.CharField(max_length=255)
    file_bytes = models.BigIntegerField()
    file_format = models.CharField(max_length=5)
    source = models.ForeignKey(
        DatasetVersion,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The version whose items are copied; then there is no file.",
    )
    mapping = models.JSONField(
        null=True, blank=True, help_text='{"input": column or {variable: column}, "key", ...}; null: by their names.'
    )
    is_merge = models.BooleanField(default=False)
    skips_bad_rows = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)

    status = models.CharField(max_length=9, choices=ImportStatus.choices, default=ImportStatus.UPLOADED)
    detail = models.TextField(blank=True, help_text="Why it failed.")
    done_count = models.PositiveIntegerField(default=0, help_text="Rows read, then rows written.")
    total_count = models.PositiveIntegerField(default=0, help_text="Rows to be written; 0: they are still read.")
    bad_row_count = models.PositiveIntegerField(default=0)
    bad_rows = models.JSONField(default=list, help_text="The first of them: line of the file, and the reason.")
    version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="imports"
    )
    is_new_version = models.BooleanField(default=False)
    beat = models.BigIntegerField(default=0, help_text="It goes on while a job works.")
    lease = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DataImportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.file_name} into {self.dataset_name}"

    @property
    def is_copy(self) -> bool:
        """Whether it copies a version: it has no file."""
        return not self.file_format

    @property
    def path(self) -> Path:
        """Where the file lies until the import has ended."""
        return Path(settings.DATA_DIR) / "uploads" / f"{self.uid}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in (ImportStatus.UPLOADED, ImportStatus.RUNNING)

    def take(self) -> bool:
        """Make this process the one that works on it; False when there is nothing to do."""
        if not DataImport.objects.unfinished().filter(pk=self.pk).update(lease=F("lease") + 1, beat=F("beat") + 1):
            return False
        self.refresh_from_db()
        return True

    def hold(self, **values: Any) -> bool:
        """Show that somebody works, and store these values; False when it was cancelled or taken over."""
        return bool(DataImport.objects.held(self.pk, self.lease).update(beat=F("beat") + 1, **values))
