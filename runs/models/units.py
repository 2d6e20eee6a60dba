"""Work units: ranges of a run's plan, claimed by one lane at a time, with the live counters of what is done."""

from __future__ import annotations

from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from runs.models.lanes import Lane
from runs.models.runs import Run
from runs.outcomes import Outcome


class UnitState(models.TextChoices):
    """Whether somebody works on a unit."""

    WAITING = "waiting", "waiting"  # free to be claimed
    CLAIMED = "claimed", "claimed"  # a lane holds its lease
    DONE = "done", "done"  # every planned result of the range is stored


TRIALS, ITEM_LIMIT = F("run__experiment__trials"), F("run__experiment__item_limit")
ASKED_FOR = Q(of_trial__lt=TRIALS) & (Q(run__experiment__item_limit=None) | Q(of_position__lt=ITEM_LIMIT))
NOT_ASKED_FOR = Q(of_trial__gte=TRIALS) | Q(of_position__gte=ITEM_LIMIT)


class WorkUnitQuerySet(models.QuerySet[Any]):
    """Work units."""

    def waiting(self) -> Self:
        """Return those that are free to be claimed."""
        return self.filter(state=UnitState.WAITING)

    def suspect(self) -> Self:
        """Return those of which one ordinal at a time is worked, in a lane that has nothing else on its way."""
        return self.filter(is_suspect=True)

    def unsuspected(self) -> Self:
        """Return the others."""
        return self.filter(is_suspect=False)

    def open(self) -> Self:
        """Return those that are not done."""
        return self.exclude(state=UnitState.DONE)

    def counting(self) -> Self:
        """Return those of the trials and items that their experiment asks for now: nobody works on the others."""
        return self._with_place().filter(ASKED_FOR)

    def not_counting(self) -> Self:
        """Return the others."""
        return self._with_place().filter(NOT_ASKED_FOR)

    def reaching_over(self, limit: int) -> Self:
        """Return those that begin below this position and end beyond it."""
        return self._with_place().filter(of_position__lt=limit, of_position__gt=limit - F("length"))

    def _with_place(self) -> Self:
        """Annotate the trial and the position that a unit begins with."""
        cases = Greatest(F("run__case_list__case_count"), 1)
        return self.annotate(of_trial=F("first") / cases, of_position=F("first") % cases)

    def held(self, lane_id: int, lease: int) -> Self:
        """Return those whose lease this lane still holds."""
        return self.filter(lane_id=lane_id, lease=lease, state=UnitState.CLAIMED)


class WorkUnit(models.Model):
    """The ordinals `first` to `first + length - 1` of a run: inside one chunk of cases and one trial.

    One lane writes a unit at a time; `lease` counts the claims, so that a lane that lost its unit notices.
    The counters say what the stored results of the range came to.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="units")
    first = models.BigIntegerField()
    length = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=UnitState.choices, default=UnitState.WAITING)
    lane = models.ForeignKey(Lane, null=True, blank=True, on_delete=models.SET_NULL, related_name="units")
    lease = models.PositiveIntegerField(default=0)
    open_calls = models.PositiveIntegerField(default=0)
    crash_count = models.PositiveIntegerField(default=0, help_text="Deaths of lanes that held it.")
    deaths = models.JSONField(default=dict, blank=True, help_text="By ordinal: lanes that died at work on it.")
    is_suspect = models.BooleanField(default=False, help_text="Whether an ordinal of it is to be worked alone.")

    ok_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    truncated_count = models.PositiveIntegerField(default=0)
    timeout_count = models.PositiveIntegerField(default=0)
    rate_limited_count = models.PositiveIntegerField(default=0)
    provider_error_count = models.PositiveIntegerField(default=0)
    invalid_output_count = models.PositiveIntegerField(default=0)
    runner_error_count = models.PositiveIntegerField(default=0)
    skipped_count = models.PositiveIntegerField(default=0)
    reused_count = models.PositiveIntegerField(default=0)
    attempt_count = models.PositiveIntegerField(default=0)
    unpriced_count = models.PositiveIntegerField(default=0, help_text="Results and attempts whose cost is unknown.")
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=18, decimal_places=9, default=0)
    wait_ms = models.BigIntegerField(default=0)
    stages = models.JSONField(
        default=dict, help_text="Per stage: count, errors, total_ms and milliseconds in log buckets of 5 %."
    )

    objects = WorkUnitQuerySet.as_manager()

    class Meta:
        ordering = ["run", "first"]
        constraints = [
            models.UniqueConstraint(fields=["run", "first"], name="unit_range_once"),
            models.CheckConstraint(condition=Q(length__gte=1), name="unit_not_empty"),
            models.CheckConstraint(condition=Q(state=UnitState.CLAIMED) | Q(lane=None), name="unit_lane_when_claimed"),
        ]
        indexes = [
            # Claiming: the next free unit of a run.
            models.Index(fields=["run", "first"], condition=Q(state="waiting"), name="unit_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.first}+{self.length}"

    @transaction.atomic
    def claim(self, lane: Lane) -> bool:
        """Take this free unit for a lane; False when another one was first."""
        taken = WorkUnit.objects.waiting().filter(pk=self.pk, lease=self.lease)
        if not taken.update(state=UnitState.CLAIMED, lane=lane, lease=F("lease") + 1):
            return False
        self.state, self.lane, self.lease = UnitState.CLAIMED, lane, self.lease + 1
        return True

    def part(self, length: int) -> bool:
        """Keep the first `length` ordinals of this unit, just claimed, and free the rest; False: it was begun once."""
        if self.lease != 1:
            return False
        with transaction.atomic():
            rest = WorkUnit(run_id=self.run_id, first=self.first + length, length=self.length - length)
            kept = WorkUnit.objects.filter(pk=self.pk, lease=self.lease, length=self.length)
            if not kept.update(length=length):
                return False
            rest.save(force_insert=True)
        self.length = length
        return True


COUNT_BY_OUTCOME = {outcome: f"{outcome.value}_count" for outcome in Outcome}
