"""What people did to the items of drafts: each edit with what it changed, and edits of many items as one."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from experiments.models.datasets import Dataset
from experiments.models.projects import VisibleQuerySet


class BulkKind(models.TextChoices):
    """What is done to many items."""

    TAG = "tag", "tag"
    UNTAG = "untag", "untag"
    MOVE = "move", "move to split"
    REMOVE = "remove", "remove"
    RESTORE = "restore", "restore"
    UNDO = "undo", "undo"  # the edits of another bulk edit are taken back


class BulkStatus(models.TextChoices):
    """How far a bulk edit is."""

    CHOOSING = "choosing", "choosing"  # its items are written down; nothing is edited yet
    RUNNING = "running", "running"
    COMPLETED = "completed", "completed"
    FAILED = "failed", "failed"  # what is edited stays; `detail` says why the rest is not
    CANCELLED = "cancelled", "cancelled"  # what is edited stays, and can be undone


class BulkEditQuerySet(VisibleQuerySet):
    """Bulk edits."""

    project_path = "dataset__project"

    def held(self, pk: int, lease: int) -> Self:
        """Return the bulk edit if it goes on and no other job has taken it over since this lease."""
        return self.filter(pk=pk, lease=lease, status=BulkStatus.RUNNING)

    def running(self) -> Self:
        """Return those that a job has to work on."""
        return self.filter(status=BulkStatus.RUNNING)


class BulkEdit(models.Model):
    """One edit of many items of a draft: chosen at its beginning, edited chunk by chunk, undone as one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="bulk_edits")
    kind = models.CharField(max_length=7, choices=BulkKind.choices)
    value = models.CharField(max_length=200, blank=True, help_text="The tag or the split.")
    undoes = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="undone_by")
    status = models.CharField(max_length=9, choices=BulkStatus.choices, default=BulkStatus.CHOOSING)
    detail = models.TextField(blank=True, help_text="Why it failed.")
    total_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0, help_text="Items looked at: edited, as they were, or left.")
    edited_count = models.PositiveIntegerField(default=0)
    left_count = models.PositiveIntegerField(default=0, help_text="Items that could not be edited.")
    left = models.JSONField(default=list, help_text="Why the first of them could not, a sentence each.")
    beat = models.BigIntegerField(default=0, help_text="It goes on while a job works.")
    lease = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = BulkEditQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind="undo") ^ Q(undoes=None), name="bulk_edit_undo_names_another")
        ]

    def __str__(self) -> str:
        if self.undoes is not None:
            return f"undo: {self.undoes}"
        return f"{self.get_kind_display()} {self.value}".strip()

    @property
    def unchanged_count(self) -> int:
        """How many items were as asked for already."""
        return self.done_count - self.edited_count - self.left_count

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended_at is not None

    def take(self) -> bool:
        """Make this process the one that works on it; False when there is nothing to do."""
        if not BulkEdit.objects.running().filter(pk=self.pk).update(lease=F("lease") + 1, beat=F("beat") + 1):
            return False
        self.refresh_from_db()
        return True


class BulkChunk(models.Model):
    """Items of a bulk edit that are written down together, as they were when they were chosen."""

    bulk = models.ForeignKey(BulkEdit, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    rows = models.JSONField(
        help_text="Pairs of an item row's id and when it was changed, in microseconds; undo: edits."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bulk", "number"], name="bulk_chunk_number_once")]

    def __str__(self) -> str:
        return f"{self.bulk}: chunk {self.number}"


class ItemEditQuerySet(VisibleQuerySet):
    """Edits of items."""

    project_path = "dataset__project"

    def renaming(self) -> Self:
        """Filter to edits that changed a key: SQLite looks a former key up in its index only where this is said."""
        return self.exclude(former_key="")


class ItemEdit(models.Model):
    """One edit of one item of a draft. Rows of a draft are overwritten; what they were is here."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="item_edits")
    bulk = models.ForeignKey(BulkEdit, null=True, blank=True, on_delete=models.CASCADE, related_name="edits")
    key = models.CharField(max_length=200, help_text="As it is after the edit.")
    former_key = models.CharField(max_length=200, blank=True, help_text="As it was before, where the edit changed it.")
    draft_number = models.PositiveIntegerField()
    before = models.JSONField(null=True, help_text="The parts that differ, as they were; null: the item was not there.")
    after = models.JSONField(null=True, help_text="The same parts as they are; null: the item is there no more.")
    position = models.BigIntegerField()
    is_undone = models.BooleanField(default=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField()

    objects = ItemEditQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(before__isnull=False) | Q(after__isnull=False), name="item_edit_changes_something"
            )
        ]
        indexes = [
            # The history of an item.
            models.Index(fields=["dataset", "key", "id"], name="item_edit_key"),
            # Where the items went that had a key.
            models.Index(fields=["dataset", "former_key", "id"], condition=~Q(former_key=""), name="item_edit_former"),
            # The history of a dataset: its edits one by one, beside those in bulk.
            models.Index(fields=["dataset", "id"], condition=Q(bulk=None), name="item_edit_single"),
            # What a bulk edit did, and what of it is left to undo.
            models.Index(fields=["bulk", "id"], name="item_edit_bulk"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.kind}"

    @property
    def kind(self) -> str:
        """added, changed or removed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def parts(self) -> list[tuple[str, Any, Any]]:
        """The parts that differ, each as it was and as it is after."""
        before, after = self.before or {}, self.after or {}
        pairs = ((name, before.get(name), after.get(name)) for name in {**before, **after} if name != "key")
        renamed = [("key", before["key"], after["key"])] if "key" in before and "key" in after else []
        return renamed + [(name, was, now) for name, was, now in pairs if was != now]
