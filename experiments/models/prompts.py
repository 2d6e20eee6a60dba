"""Prompts: versioned templates of messages."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from experiments.models.projects import ArchivableQuerySet, Project, VisibleQuerySet


class PromptQuerySet(ArchivableQuerySet):
    """Prompts."""


class Prompt(models.Model):
    """A named prompt; its texts are its versions."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="prompts")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, help_text="Hidden from lists; everything is kept.")

    objects = PromptQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="prompt_name_once_per_project")]

    def __str__(self) -> str:
        return self.name


class PromptVersionQuerySet(VisibleQuerySet):
    """Prompt versions."""

    project_path = "prompt__project"


class PromptVersion(models.Model):
    """One text of a prompt; it never changes."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    messages = models.JSONField(help_text='[{"role": "user", "content": "template"}]')
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = PromptVersionQuerySet.as_manager()

    class Meta:
        ordering = ["prompt", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "number"], name="prompt_version_number_once"),
            models.UniqueConstraint(fields=["prompt", "content_hash"], name="prompt_version_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prompt} v{self.number}"
