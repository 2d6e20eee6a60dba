"""JUDGING it: scores of results, ratings of runs, and what they come to."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from experiments.models import Experiment, ScorerRevision, ScorerSpec
from experiments.models.projects import VisibleQuerySet
from runs.models import Result, Run
from runs.models.results import OfRunQuerySet

CODE = 0


class ScoreQuerySet(OfRunQuerySet):
    """Scores of results."""

    id_field = "result_id"

    def by_people(self) -> ScoreQuerySet:
        """Return those that persons gave."""
        return self.filter(uid__isnull=False)


class Score(models.Model):
    """One scorer's verdict on one result. `author` is 0 for code, else the user's id (NULL would allow doubles)."""

    uid = models.UUIDField(null=True, unique=True, editable=False, help_text="Only persons' scores have one.")
    result = models.ForeignKey(
        Result, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="scores"
    )
    scorer = models.ForeignKey(
        ScorerSpec, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)
    turn = models.PositiveIntegerField(default=0, help_text="0: the whole result.")
    author = models.BigIntegerField(default=CODE)
    value = models.FloatField(null=True)
    label = models.CharField(max_length=100, blank=True)
    extracted = models.TextField(null=True)  # noqa: DJ001 - None: nothing is extracted; "": nothing was there
    explanation = models.TextField(blank=True)
    error = models.TextField(blank=True)
    metadata = models.JSONField(null=True)
    history = models.JSONField(null=True, help_text="Former values of a person's score: [value, replaced at].")
    created_at = models.DateTimeField()

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering = ["result_id", "scorer_id", "id"]
        constraints = [
            # Also serves: the scores of a result, and of a run by scorer.
            models.UniqueConstraint(
                fields=["result", "scorer", "revision", "turn", "author"], name="score_once_per_author"
            ),
            models.CheckConstraint(condition=Q(error="") | Q(value=None), name="score_error_has_no_value"),
        ]
        indexes = [
            # What people said of a run: a few rows among very many.
            models.Index(fields=["result"], condition=Q(uid__isnull=False), name="score_by_people"),
        ]

    def __str__(self) -> str:
        return f"{self.value} for result {self.result_id}"


class RunRatingQuerySet(VisibleQuerySet):
    """Ratings of runs."""

    project_path = "run__experiment__project"


class RunRating(models.Model):
    """A person's score of a run as a whole."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="ratings")
    scorer = models.ForeignKey(ScorerSpec, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="None: the account was deleted; what it said counts on.",
    )
    value = models.FloatField()
    metadata = models.JSONField(null=True)
    history = models.JSONField(null=True, help_text="Former values: [value, replaced at].")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunRatingQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "scorer", "author"], name="rating_once_per_author")]

    def __str__(self) -> str:
        return f"{self.value} for {self.run}"


class Showing(models.Model):
    """One result put before one person to be rated; its uid stands for the result and says nothing of whose it is."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="showings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="showings")
    # No foreign key: a retry may take the result out.
    result_id = models.BigIntegerField()
    given = models.JSONField(default=dict, help_text="Scorer name: the value given; kept when it is taken back.")
    former = models.JSONField(default=dict, help_text="Scorer name: this person's value before; none: there was none.")
    comment = models.TextField(blank=True)
    is_skipped = models.BooleanField(default=False)
    answered_at = models.DateTimeField(null=True, help_text="When it was rated or skipped; none: it is open.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "person", "result_id"], name="showing_once_per_person"),
            models.UniqueConstraint(
                fields=["experiment", "person"], condition=Q(answered_at=None), name="showing_one_open_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(is_skipped=False) | Q(answered_at__isnull=False), name="showing_skipped_is_answered"
            ),
        ]

    def __str__(self) -> str:
        return f"result {self.result_id} before {self.person}"


class RunScore(models.Model):
    """What one scorer's scores of one run come to: recomputed from the scores, never adjusted."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="run_scores")
    scorer = models.ForeignKey(ScorerSpec, on_delete=models.CASCADE, related_name="run_scores")
    revision = models.PositiveIntegerField(help_text="The revision in force for this run.")
    n = models.PositiveIntegerField(default=0, help_text="Items with at least one value.")
    none_count = models.PositiveIntegerField(default=0, help_text="Results that could not be judged.")
    lacking_count = models.PositiveIntegerField(
        null=True, help_text="Answered results without a verdict of it; none: they were not counted yet."
    )
    mean = models.FloatField(null=True, help_text="In the scorer's own range.")
    variance = models.FloatField(null=True, help_text="Of the item values; none below two items.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "scorer"], name="run_score_once")]

    def __str__(self) -> str:
        return f"{self.scorer} of {self.run}: {self.mean}"


class RunScoreItems(models.Model):
    """Item values behind a RunScore, packed (scoring/boards/kept_values.py); apart: boards need not read them."""

    run_score = models.OneToOneField(RunScore, primary_key=True, on_delete=models.CASCADE, related_name="items")
    positions = models.BinaryField(help_text="Positions in the case list, ascending: 32-bit integers, deflated.")
    means = models.BinaryField(help_text="The mean of each position's trials: 64-bit floats, deflated.")
    varying = models.BinaryField(default=b"", help_text="Positions whose trials disagree, as `positions`.")

    def __str__(self) -> str:
        return f"item values of {self.run_score}"


class RunItems(models.Model):
    """What became of a run's items, as positions in the case list packed like those of RunScoreItems."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="items")
    answered = models.BinaryField(help_text="Items with an answered result.")
    failed = models.BinaryField(help_text="Items with an errored result.")
    rated = models.BinaryField(help_text="Items of which a person has rated a result.")

    def __str__(self) -> str:
        return f"items of {self.run}"


class RunStanding(models.Model):
    """A run's weighted score with its interval: what boards and filters read."""

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="standing")
    value = models.FloatField(null=True, help_text="Weighted score, 0 to 1; none: no weighted scorer has a value.")
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.PositiveIntegerField(default=0, help_text="Items that the score rests on.")
    is_complete = models.BooleanField(default=False)
    missing = models.JSONField(default=list, help_text="Names of weighted scorers without a value.")
    is_tried = models.BooleanField(
        default=False, help_text="By other weights from the stored covariances: the scores are still to be read."
    )
    partial = models.JSONField(default=dict, help_text="Scorer name: [items covered, items].")
    covariance = models.JSONField(
        default=dict, help_text="scorers, n and the matrix over the items that all code scorers cover."
    )
    totals = models.JSONField(
        default=dict, help_text="Results, errors by outcome, tokens, cost and percentiles, as of `updated_at`."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            # GET runs/?min_score=&max_score=.
            models.Index(fields=["value"], name="standing_value"),
            # The watcher: what is still to be summed up.
            models.Index(fields=["run"], condition=models.Q(is_tried=True), name="standing_tried"),
        ]

    def __str__(self) -> str:
        return f"{self.value} for {self.run}"


class ScorerProposalQuerySet(VisibleQuerySet):
    """Proposals."""

    project_path = "revision__scorer__experiment__project"


class ScorerProposal(models.Model):
    """A scorer's draft on trial: stored outputs are judged by it, nothing is in force until somebody keeps it.

    One process judges at a time; `lease` counts who took it up, so that one that was overtaken notices.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    revision = models.OneToOneField(ScorerRevision, on_delete=models.CASCADE, related_name="proposal")
    values = models.JSONField(help_text="What else keeping it changes: kind, weight, range, direction, pass value.")
    in_force = models.PositiveIntegerField(help_text="The revision in force when it was proposed; 0: a new scorer.")
    planned_count = models.PositiveIntegerField(default=0, help_text="Answers to be judged.")
    done_count = models.PositiveIntegerField(default=0)
    flip_count = models.PositiveIntegerField(default=0, help_text="Verdicts that are other ones than in force.")
    better_count = models.PositiveIntegerField(default=0, help_text="Flips to a better value.")
    worse_count = models.PositiveIntegerField(default=0, help_text="Flips to a worse value.")
    examples = models.JSONField(default=list, help_text="The first flips: which item, from what to what.")
    is_done = models.BooleanField(default=False)
    lease = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScorerProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(flip_count__gte=models.F("better_count") + models.F("worse_count")),
                name="proposal_flips_add_up",
            )
        ]

    def __str__(self) -> str:
        return f"proposal for {self.revision}"

    @property
    def scorer(self) -> ScorerSpec:
        """The scorer that it would change."""
        return self.revision.scorer

    def take(self) -> bool:
        """Make this process the one that judges; False when it is judged, kept or gone."""
        open_ones = ScorerProposal.objects.filter(pk=self.pk, is_done=False)
        if not open_ones.update(lease=models.F("lease") + 1):
            return False
        self.refresh_from_db()
        return True

    def hold(self, **values: Any) -> bool:
        """Store these values; False when somebody else took it up since, or it is gone."""
        return bool(ScorerProposal.objects.filter(pk=self.pk, lease=self.lease, is_done=False).update(**values))
