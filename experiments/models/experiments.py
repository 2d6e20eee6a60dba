"""Experiments: a dataset version, the candidates that compete on it, the scorers that judge them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from experiments.models.datasets import DatasetVersion
from experiments.models.projects import ArchivableQuerySet, Project, VisibleQuerySet
from experiments.models.prompts import PromptVersion
from experiments.models.providers import Provider

MAX_TRIALS = 100


class ErrorsPolicy(models.TextChoices):
    """What an errored result counts as."""

    EXCLUDE = "exclude", "excluded"  # left out of n, counted beside it
    ZERO = "zero", "counted as the worst value"  # the worst value of each scorer's range


class ExperimentQuerySet(ArchivableQuerySet):
    """Experiments."""

    def tagged(self, tag: str) -> Self:
        """Return those that bear a tag. JSON containment does not exist on SQLite: the tags are read."""
        return self.filter(pk__in=[pk for pk, tags in self.order_by().values_list("pk", "tags") if tag in tags])

    def known_tags(self) -> list[str]:
        """Return every tag that one of them bears, sorted."""
        return sorted({tag for tags in self.order_by().values_list("tags", flat=True) for tag in tags})


class Experiment(models.Model):
    """A dataset version x candidates x trials, and the scorers with their weights. Without a dataset: ad-hoc runs."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=list, blank=True)
    dataset_version = models.ForeignKey(
        DatasetVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="experiments"
    )
    selection = models.JSONField(default=dict, blank=True, help_text="split, tags, exclude_tags, keys of the items.")
    item_limit = models.PositiveIntegerField(null=True, blank=True, help_text="The first items only; empty: all.")
    variables = models.JSONField(default=dict, blank=True, help_text="Constants of the prompts: {{ vars.name }}.")
    trials = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(MAX_TRIALS)])
    timeout_s = models.FloatField(null=True, blank=True, help_text="Seconds that one result may take.")
    is_reusing = models.BooleanField(default=True, help_text="Take answers of equal requests from earlier runs.")
    errors_policy = models.CharField(max_length=10, choices=ErrorsPolicy.choices, default=ErrorsPolicy.EXCLUDE)
    max_errors = models.CharField(max_length=20, default="0", help_text='A number, or a share like "1%".')
    budget_usd = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="USD that its calls may cost; empty: no budget.",
    )
    requirements = models.JSONField(default=list, blank=True, help_text="What the board must show.")
    baseline = models.ForeignKey(
        "experiments.Candidate", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="experiment_name_once_per_project"),
            models.CheckConstraint(
                condition=Q(trials__gte=1, trials__lte=MAX_TRIALS), name="experiment_trials_1_to_100"
            ),
            models.CheckConstraint(
                condition=Q(errors_policy__in=ErrorsPolicy.values), name="experiment_errors_policy_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scoring_config(self) -> dict[str, Any]:
        """Weights by scorer name and the policy on errors, as the API shows them."""
        return self.scoring_by(self.present_scorers())

    def scoring_by(self, scorers: Iterable[ScorerSpec]) -> dict[str, Any]:
        """Return it of these scorers."""
        weights = {scorer.name: scorer.weight for scorer in scorers}
        return {"weights": weights, "errors": self.errors_policy, "trials": "mean"}

    def present_scorers(self) -> list[ScorerSpec]:
        """Return the scorers that are declared now, in their order; without a query where `scorers` were prefetched."""
        return [scorer for scorer in self.scorers.all() if scorer.removed_at is None]


class CandidateQuerySet(VisibleQuerySet):
    """Candidates."""

    project_path = "experiment__project"

    def listed(self) -> Self:
        """Return those that compete: not the ones taken out of the experiment."""
        return self.filter(removed_at=None)


class Candidate(models.Model):
    """What competes: provider, model, prompt version and parameters."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="candidates")
    name = models.CharField(max_length=200)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="candidates")
    model = models.CharField(max_length=200)
    prompt_version = models.ForeignKey(PromptVersion, on_delete=models.PROTECT, related_name="candidates")
    params = models.JSONField(default=dict, blank=True)
    config_hash = models.CharField(max_length=64)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Taken out of the experiment; runs are kept.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CandidateQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "config_hash"], name="candidate_config_once"),
            models.UniqueConstraint(
                fields=["experiment", "name"], condition=Q(removed_at=None), name="candidate_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ScorerSpecQuerySet(VisibleQuerySet):
    """Declared scorers."""

    project_path = "experiment__project"


class ScorerSpec(models.Model):
    """A scorer that an experiment declares. Its options in force are those of its newest revision."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="scorers")
    name = models.SlugField(max_length=100)
    kind = models.CharField(max_length=50)
    weight = models.FloatField(default=1.0)
    higher_is_better = models.BooleanField(default=True)
    range_low = models.FloatField(null=True, blank=True)
    range_high = models.FloatField(null=True, blank=True)
    pass_value = models.FloatField(null=True, blank=True, help_text="The value from which it counts as passed.")
    when = models.JSONField(default=dict, blank=True, help_text="tags, split of the items it judges; {}: all.")
    revision = models.PositiveIntegerField(default=1)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ScorerSpecQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="scorer_name_once_per_experiment"),
            models.CheckConstraint(condition=Q(weight__gte=0), name="scorer_weight_not_negative"),
            models.CheckConstraint(
                condition=Q(range_low=None, range_high=None) | Q(range_low__lt=models.F("range_high")),
                name="scorer_range_upright",
            ),
            models.CheckConstraint(
                condition=Q(weight=0) | Q(range_low__isnull=False), name="scorer_weight_needs_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def pass_mark(self) -> float | None:
        """The value from which it counts as passed: `pass_value`, else the best end of the range; None: neither."""
        best = self.range_high if self.higher_is_better else self.range_low
        return best if self.pass_value is None else self.pass_value

    def passes(self, value: float) -> bool:
        """Return whether a value counts as passed."""
        wanted = self.pass_mark
        if wanted is None:
            return False
        return value >= wanted if self.higher_is_better else value <= wanted


class ScorerRevision(models.Model):
    """The options that a scorer has under one revision; they never change. A draft may never come in force."""

    scorer = models.ForeignKey(ScorerSpec, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    options = models.JSONField(default=dict)
    replaces = models.PositiveIntegerField(
        null=True, blank=True, help_text="The revision that was in force before; none for the first and for drafts."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["scorer", "number"]
        constraints = [models.UniqueConstraint(fields=["scorer", "number"], name="scorer_revision_once")]

    def __str__(self) -> str:
        return f"{self.scorer} r{self.number}"
