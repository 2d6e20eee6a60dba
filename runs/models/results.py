"""Results, their transcripts, and the attempts that were not accepted. All three are insert-only."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Any, Self

from django.db import models
from django.db.models import Q

from experiments.models import Item
from runs.models.runs import Run
from runs.outcomes import CHOICES, ERRORS, Outcome

ORDINAL_BITS = 32
ORDINAL_MASK = (1 << ORDINAL_BITS) - 1
PREVIEW_LENGTH = 200


def result_id_of(run_id: int, ordinal: int) -> int:
    """Return the identity of a result: the run in the upper 31 bits, the ordinal in the lower 32."""
    return run_id << ORDINAL_BITS | ordinal


def tokens_per_s(latency_ms: int | None, first_token_ms: int | None, tokens_out: int | None) -> float | None:
    """Return how fast an answer came after its first word; None: not streamed, not counted, or all at once."""
    if first_token_ms is None or latency_ms is None or tokens_out is None:
        return None
    rest_ms, rest = latency_ms - first_token_ms, tokens_out - 1
    return rest * 1000 / rest_ms if rest_ms > 0 and rest > 0 else None


class ResultFacts:
    """What follows from a result's key and outcome, whether it is read as a model or as a row."""

    __slots__ = ()
    pk: Any
    outcome: Any

    @property
    def run_id(self) -> int:
        """The primary key of the run it belongs to."""
        return int(self.pk >> ORDINAL_BITS)

    @property
    def ordinal(self) -> int:
        """Its number in the run: trial x cases + position."""
        return int(self.pk & ORDINAL_MASK)

    @property
    def is_error(self) -> bool:
        """Whether it came to one of the error outcomes."""
        return self.outcome in ERRORS


class OfRunQuerySet(models.QuerySet[Any]):
    """Rows whose `id_field` is a computed result id."""

    id_field = "pk"

    def of_run(self, run: Run | int) -> Self:
        """Return the rows of one run: a range of ids."""
        run_id = run if isinstance(run, int) else run.pk
        return self.between(result_id_of(run_id, 0), result_id_of(run_id + 1, 0))

    def between(self, first: int, end: int) -> Self:
        """Return the rows whose result id is at least `first` and below `end`."""
        return self.filter(**{f"{self.id_field}__gte": first, f"{self.id_field}__lt": end})


IS_OK = Q(outcome=Outcome.OK.value)
IS_ERROR = reduce(and_, (~Q(outcome=outcome.value) for outcome in Outcome if outcome not in ERRORS))
"""Written as what it is not: SQLite uses an index with a condition where a query has each part of it word for word."""


class ResultQuerySet(OfRunQuerySet):
    """Results."""

    def errors(self) -> Self:
        """Return those that came to an error."""
        return self.filter(IS_ERROR)

    def with_outcome(self, outcome: str) -> Self:
        """Return those of one outcome; rare ones are found by an index, also where there are none."""
        found = self.filter(outcome=outcome)
        return found if outcome == Outcome.OK else found.filter(~IS_OK)


class Result(ResultFacts, models.Model):
    """The accepted answer of one ordinal. Its primary key is computed: `run id << 32 | ordinal`."""

    id = models.BigIntegerField(primary_key=True)
    item = models.ForeignKey(Item, db_constraint=False, db_index=False, on_delete=models.DO_NOTHING, related_name="+")
    trial = models.PositiveIntegerField(default=0)
    variant = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=14, choices=CHOICES)
    detail = models.TextField(blank=True, help_text="Why, where the outcome is not ok.")
    preview = models.CharField(max_length=PREVIEW_LENGTH, blank=True)
    tokens_in = models.BigIntegerField(null=True)
    tokens_out = models.BigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    other_cost_usd = models.DecimalField(max_digits=18, decimal_places=9, null=True, help_text="Judges and personas.")
    latency_ms = models.PositiveIntegerField(null=True, help_text="The accepted call, waiting for limits left out.")
    first_token_ms = models.PositiveIntegerField(
        null=True, help_text="From the accepted call to its first word; none: it was not streamed."
    )
    wait_ms = models.PositiveIntegerField(default=0, help_text="Waiting for limits and between tries.")
    attempt_count = models.PositiveIntegerField(default=1)
    request_hash = models.BinaryField(max_length=16, null=True)
    reused_from = models.BigIntegerField(null=True, help_text="The result whose answer this is.")
    stages = models.JSONField(default=list, help_text="[stage, status, ms, wait_ms] each.")
    finished_at = models.DateTimeField()

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # Reuse: has an equal request been answered before?
            models.Index(fields=["request_hash"], name="result_request_hash"),
            # Pages of one outcome, and of every error, in a run of very many results. Most results are in neither.
            models.Index(fields=["outcome", "id"], condition=~IS_OK, name="result_not_ok"),
            models.Index(fields=["id"], condition=IS_ERROR, name="result_errors"),
        ]

    def __str__(self) -> str:
        return f"result {self.ordinal} of run {self.run_id}"

    @property
    def tokens_per_s(self) -> float | None:
        """How fast the answer came after its first word; None: not streamed, not counted, or all at once."""
        return tokens_per_s(self.latency_ms, self.first_token_ms, self.tokens_out)


class TranscriptQuerySet(OfRunQuerySet):
    """Transcripts."""

    id_field = "result_id"


class Transcript(models.Model):
    """The list of messages that a result came to, each with the call that made it.

    Bodies above 64 KiB lie in the blob store; then `body` is `{"blob": sha256}` (see runs.transcripts).
    """

    result = models.OneToOneField(
        Result, primary_key=True, db_constraint=False, on_delete=models.DO_NOTHING, related_name="transcript"
    )
    body = models.JSONField(default=list)
    raw_request = models.TextField(null=True)  # noqa: DJ001 - None: not kept; "" would be an empty body
    raw_response = models.TextField(null=True)  # noqa: DJ001

    objects = TranscriptQuerySet.as_manager()

    def __str__(self) -> str:
        return f"transcript of {self.result_id}"


class Billed(models.TextChoices):
    """Whether an attempt that was not accepted costs money."""

    YES = "yes", "yes"
    NO = "no", "no"
    POSSIBLY = "possibly", "possibly"  # its connection ended before the answer


class FailedAttemptQuerySet(OfRunQuerySet):
    """Attempts that were not accepted."""

    id_field = "result_id"


class FailedAttempt(models.Model):
    """A call that was made and not accepted: failed and retried, open at a crash, cancelled, or a former result."""

    # No foreign key: the result may not exist yet, or be taken out by a retry.
    result_id = models.BigIntegerField()
    outcome = models.CharField(max_length=14, choices=CHOICES, blank=True)
    detail = models.TextField(blank=True)
    status = models.PositiveIntegerField(null=True, help_text="HTTP status; none: no answer came.")
    billed = models.CharField(max_length=8, choices=Billed.choices, default=Billed.NO)
    count = models.PositiveIntegerField(default=1, help_text="Calls this row stands for (a crash books several).")
    tokens_in = models.BigIntegerField(null=True)
    tokens_out = models.BigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    latency_ms = models.PositiveIntegerField(null=True)
    raw_response = models.TextField(null=True)  # noqa: DJ001 - None: not kept
    made_at = models.DateTimeField()

    objects = FailedAttemptQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(billed__in=Billed.values), name="attempt_billed_known")
        ]
        indexes = [
            # The attempts of a result, of a unit and of a run.
            models.Index(fields=["result_id"], name="attempt_result"),
        ]

    def __str__(self) -> str:
        return f"attempt at {self.result_id}: {self.outcome}"
