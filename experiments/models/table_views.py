"""How a person wants a table: which columns, how dense."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q


class Density(models.TextChoices):
    """How high the rows are."""

    COMFORTABLE = "comfortable", "comfortable"  # 40 px
    COMPACT = "compact", "compact"  # 32 px


class TableView(models.Model):
    """One person's view of one table; without a row every column is shown, comfortably."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=50)
    hidden = models.JSONField(default=list, help_text="Names of the columns that are left out.")
    density = models.CharField(max_length=11, choices=Density.choices, default=Density.COMFORTABLE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "table"], name="table_view_once_per_person"),
            models.CheckConstraint(condition=Q(density__in=Density.values), name="table_view_density_known"),
        ]

    def __str__(self) -> str:
        return f"{self.table} as {self.user} sees it"

    @classmethod
    def of(cls, user: User, table: str) -> TableView:
        """Return the person's view of a table; one that is not stored shows everything."""
        return cls.objects.filter(user=user, table=table).first() or cls(user=user, table=table)

    @property
    def choice(self) -> tuple[tuple[str, ...], str]:
        """What was chosen: the columns that are left out, and the density."""
        return tuple(self.hidden), self.density

    def remember(self, *, hidden: Iterable[str], density: str) -> None:
        """Store other columns and another density in place of those that were."""
        values = {"hidden": sorted(set(hidden)), "density": density}
        type(self).objects.update_or_create(user=self.user, table=self.table, defaults=values)
