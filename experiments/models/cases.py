"""Case lists: the frozen order of an experiment's cases, in chunks."""

from __future__ import annotations

from django.db import models

from experiments.models.datasets import DatasetVersion
from experiments.models.experiments import Experiment
from experiments.models.projects import VisibleQuerySet

CHUNK_LENGTH = 1024


class CaseListQuerySet(VisibleQuerySet):
    """Case lists."""

    project_path = "experiment__project"


class CaseList(models.Model):
    """The whole selection of an experiment in its frozen order, before limit and sample (which take a prefix)."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="case_lists")
    dataset_version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    identity_hash = models.CharField(max_length=64)
    case_count = models.PositiveIntegerField(default=0)
    is_ad_hoc = models.BooleanField(default=False, help_text="The one input of ad-hoc runs.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CaseListQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "identity_hash"], name="case_list_once_per_identity")
        ]

    def __str__(self) -> str:
        return f"{self.case_count} cases of {self.experiment}"

    @property
    def is_written(self) -> bool:
        """Whether every one of its cases is stored; a long list is written by a job, chunk by chunk."""
        return self.chunks.count() * CHUNK_LENGTH >= self.case_count

    def has_cases_of(self, other: CaseList) -> bool:
        """Return whether both hold the same cases in the same order, as told without reading them.

        Those of a dataset do by their identity: one frozen version and one selection, of whichever experiments.
        """
        if self.pk == other.pk:
            return True
        is_of_dataset = self.dataset_version_id is not None and self.dataset_version_id == other.dataset_version_id
        return is_of_dataset and self.identity_hash == other.identity_hash


class CaseChunk(models.Model):
    """Up to 1,024 cases: `[item row id, variant, trials allowed]` each."""

    case_list = models.ForeignKey(CaseList, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    cases = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case_list", "number"], name="case_chunk_once")]

    def __str__(self) -> str:
        return f"chunk {self.number} of {self.case_list}"
