"""Datasets, their frozen versions, and items that are valid from one version until another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from experiments.models.projects import ArchivableQuerySet, Project, VisibleQuerySet

POSITION_GAP = 1024


class DatasetQuerySet(ArchivableQuerySet):
    """Datasets."""

    def listed(self) -> Self:
        """Return those that people made: not the hidden ones that hold the inputs of ad-hoc runs."""
        return self.filter(is_hidden=False)


class Dataset(models.Model):
    """A named collection of items. `draft_number` is the version that edits go to.

    The draft belongs to people, or, while `filling_hash` is set, to the file whose rows are written into it.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    draft_number = models.PositiveIntegerField(default=1)
    draft_edit_count = models.PositiveIntegerField(default=0, help_text="People's edits since the newest version.")
    filling_hash = models.CharField(
        max_length=64, blank=True, help_text="The file that is being written into the draft, and the try."
    )
    tag_names = models.JSONField(default=list, help_text="The tags that its items bear, or bore in this draft.")
    split_names = models.JSONField(default=list, help_text="The same of its splits.")
    is_hidden = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="dataset_name_once_per_project")]

    def __str__(self) -> str:
        return self.name


class DatasetVersionQuerySet(VisibleQuerySet):
    """Frozen versions."""

    project_path = "dataset__project"


class DatasetVersion(models.Model):
    """A frozen state of a dataset: its items are those with `since <= number` that were not closed by then."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    item_count = models.PositiveIntegerField()
    added_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    removed_count = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)
    bad_row_count = models.PositiveIntegerField(default=0, help_text="Rows of its file that were left out.")
    bad_rows = models.JSONField(default=list, help_text="The first of them: line of the file, and the reason.")
    frozen_at = models.DateTimeField(auto_now_add=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = DatasetVersionQuerySet.as_manager()

    class Meta:
        ordering = ["dataset", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="version_number_once_per_dataset"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_1"),
        ]

    def __str__(self) -> str:
        return f"{self.dataset}@{self.number}"

    @property
    def items(self) -> ItemQuerySet:
        """The items of this version in their order."""
        return Item.objects.filter(dataset=self.dataset_id).in_version(self.number).order_by("position", "id")


class ItemQuerySet(VisibleQuerySet):
    """Item rows, each valid from one version until another."""

    project_path = "dataset__project"

    def in_version(self, number: int) -> Self:
        """Return the rows that a frozen version consists of."""
        return self.filter(Q(until=None) | Q(until__gt=number), since__lte=number)

    def in_draft(self) -> Self:
        """Return the rows of the draft: those that nothing has closed yet."""
        return self.filter(until=None)

    def removed(self) -> Self:
        """Return the rows of items that their drafts have no more, each as it was last."""
        same = Item.objects.filter(dataset=OuterRef("dataset"), key=OuterRef("key"))
        later = Q(until=None) | Q(since__gt=OuterRef("since"))
        return self.filter(until__isnull=False).exclude(Exists(same.filter(later)))

    def tagged(self, tags: Iterable[str]) -> Self:
        """Return the rows that bear every one of the tags."""
        return self.filter(*(Q(tags__contains=f"|{tag}|") for tag in tags))

    def not_tagged(self, tags: Iterable[str]) -> Self:
        """Return the rows that bear none of the tags."""
        return self.exclude(Q(*(Q(tags__contains=f"|{tag}|") for tag in tags), _connector=Q.OR)) if tags else self


class Item(models.Model):
    """One test case. Rows with `since` at or below a frozen version never change; edits close and insert.

    Written by `experiments.actions` only: never `save()` one.
    """

    # Every index below begins with the dataset: one of its own would only cost.
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="item_rows", db_index=False)
    key = models.CharField(max_length=200)
    input = models.JSONField(help_text="Text, or an object of named variables.")
    expected = models.JSONField(null=True, blank=True, help_text="A value or a list of accepted ones; null: none.")
    metadata = models.JSONField(default=dict, blank=True)
    tags = models.TextField(blank=True, help_text="|a|b|")
    split = models.CharField(max_length=100, blank=True)
    position = models.BigIntegerField()
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField()

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="item_until_after_since"),
            models.UniqueConstraint(fields=["dataset", "key"], condition=Q(until=None), name="item_key_once_in_draft"),
            models.UniqueConstraint(fields=["dataset", "key", "since"], name="item_key_once_per_version"),
        ]
        indexes = [
            # The items of a version in their order: version pages, case lists, exports; what differs between two,
            # told from this index alone.
            models.Index(fields=["dataset", "position", "id", "since", "until"], name="item_dataset_position"),
            # The items of a draft in their order and their number, also those of a split: curators' lists. SQLite reads
            # it alone only if it has `until` too.
            models.Index(
                fields=["dataset", "position", "id", "until", "split"],
                condition=Q(until=None),
                name="item_draft_position",
            ),
            # The items that a draft has no more. By key: SQLite would read all that ended for each item by `until`.
            models.Index(fields=["dataset", "key"], condition=Q(until__isnull=False), name="item_ended_key"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def tag_list(self) -> tuple[str, ...]:
        """The tags as a tuple."""
        return split_tags(self.tags)

    @property
    def content(self) -> dict[str, Any]:
        """What the content hash covers, by name."""
        return {
            "key": self.key,
            "input": self.input,
            "expected": self.expected,
            "metadata": self.metadata,
            "tags": list(self.tag_list),
            "split": self.split,
        }


def join_tags(tags: Iterable[str]) -> str:
    """Return tags as they are stored: `|a|b|`, without doubles, in their order; "" for none."""
    kept = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    return f"|{'|'.join(kept)}|" if kept else ""


def split_tags(stored: str) -> tuple[str, ...]:
    """Return the tags of a stored text."""
    return tuple(stored.strip("|").split("|")) if stored else ()
