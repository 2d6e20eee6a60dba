"""What budgets are kept with: the money that was spent, and what the lanes have set aside for their next calls."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from experiments.models import Experiment, Project


class Purse(models.Model):
    """What was spent of one budget: an experiment's, or a project's in one month."""

    experiment = models.OneToOneField(Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="purse")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="purses")
    month = models.CharField(max_length=7, blank=True, help_text="Like 2026-11, UTC; empty: an experiment's.")
    spent_usd = models.DecimalField(max_digits=18, decimal_places=9, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "month"], name="purse_once_per_month"),
            models.CheckConstraint(
                condition=Q(experiment__isnull=False, project__isnull=True, month="")
                | (Q(experiment__isnull=True, project__isnull=False) & ~Q(month="")),
                name="purse_of_an_experiment_or_a_month",
            ),
        ]

    def __str__(self) -> str:
        return str(self.experiment or f"{self.project} in {self.month}")


class PurseHold(models.Model):
    """What a lane has set aside of a purse. That of a dead lane stays: its calls may have been billed."""

    purse = models.ForeignKey(Purse, on_delete=models.CASCADE, related_name="holds")
    lane_number = models.BigIntegerField(help_text="The lane's key; no reference: it outlives the lane.")
    held_usd = models.DecimalField(max_digits=18, decimal_places=9, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["purse", "lane_number"], name="hold_once_per_lane")]

    def __str__(self) -> str:
        return f"{self.held_usd} of {self.purse} for lane {self.lane_number}"
