"""Preparations: starts of large experiments, whose case list and templates a job works through before any call."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from experiments.models import CaseList, Experiment


class PreparationQuerySet(models.QuerySet[Any]):
    """Preparations."""

    def held(self, pk: int, lease: int) -> Self:
        """Return the preparation if nobody has taken it over since this lease."""
        return self.filter(pk=pk, lease=lease)


class Preparation(models.Model):
    """What a start of an experiment still has to do before its runs may begin; the row goes when it is done.

    One process works on it at a time; `lease` counts the claims, so that one that was overtaken notices.
    """

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="preparation")
    case_list = models.ForeignKey(CaseList, on_delete=models.CASCADE, related_name="+")
    owner = models.CharField(
        max_length=100, blank=True, help_text="The foreground command that works on it; empty: the workers."
    )
    case_limit = models.PositiveIntegerField(help_text="Cases below this position are to be planned.")
    trials = models.PositiveIntegerField(default=1)
    done_count = models.PositiveIntegerField(default=0, help_text="Cases that are written and fit every template.")
    beat = models.BigIntegerField(default=0, help_text="It goes on while somebody works.")
    lease = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PreparationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(case_limit__gte=1, trials__gte=1), name="preparation_wants_something")
        ]

    def __str__(self) -> str:
        return f"preparing: {self.done_count:,} of {self.case_list.case_count:,} cases"

    def take(self) -> bool:
        """Make this process the one that works on it; False when it is done or gone."""
        if not Preparation.objects.filter(pk=self.pk).update(lease=F("lease") + 1, beat=F("beat") + 1):
            return False
        self.refresh_from_db()
        return True

    def hold(self, **values: object) -> bool:
        """Show that somebody works, and store these values; False when somebody else took it over."""
        return bool(Preparation.objects.held(self.pk, self.lease).update(beat=F("beat") + 1, **values))
