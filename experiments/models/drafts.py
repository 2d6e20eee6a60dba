"""Drafts: experiments that are being written, kept on the server from the first field on."""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from experiments.models.experiments import Experiment
from experiments.models.projects import Project, VisibleQuerySet

DOCUMENT_NAME = re.compile(r"""^experiment: *(["']?)(.{1,200}?)\1 *$|"experiment" *: *"([^"\n]{1,200})""", re.MULTILINE)
"""How a document names its experiment, as YAML or as JSON."""


class ExperimentDraftQuerySet(VisibleQuerySet):
    """Drafts."""


class ExperimentDraft(models.Model):
    """An experiment that is being written, in the fields of the page or as a document.

    Whoever saves names the revision that was read: two people in one draft do not overwrite each other.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="drafts")
    fields = models.JSONField(default=dict, help_text="What was typed, by field; {} where it is a document.")
    document = models.TextField(blank=True, help_text="The declared form as text; empty where it is fields.")
    files = models.JSONField(default=dict, help_text="Files that the document names: name to blob.")
    revision = models.PositiveIntegerField(default=1)
    tried = models.ForeignKey(
        Experiment,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="What was tried of it.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    saved_in = models.CharField(
        max_length=36, blank=True, help_text="The window that saved it: it overtakes itself when a button is pressed."
    )
    saved_at = models.DateTimeField(auto_now=True)

    objects = ExperimentDraftQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        constraints = [
            models.CheckConstraint(condition=Q(fields={}) | Q(document=""), name="draft_is_fields_or_a_document")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What it is called on pages."""
        named = DOCUMENT_NAME.search(self.document) if self.document else None
        return str(self.fields.get("name") or (named and (named[2] or named[3])) or "unnamed draft")

    @property
    def is_document(self) -> bool:
        """Whether it is written as a document."""
        return bool(self.document)
