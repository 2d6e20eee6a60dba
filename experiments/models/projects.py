"""Projects and who belongs to them."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.validators import MinValueValidator
from django.db import models

Person = AbstractBaseUser | AnonymousUser


class Role(models.TextChoices):
    """What a member may do; each role may do all that the one before it may."""

    VIEWER = "viewer", "viewer"  # reads and rates
    EDITOR = "editor", "editor"  # creates, edits, starts and stops
    OWNER = "owner", "owner"  # also members, keys of providers, tokens of others, delete


class VisibleQuerySet(models.QuerySet[Any]):
    """Rows that belong to a project; `project_path` is the lookup that leads there."""

    project_path = "project"

    def visible_to(self, user: Person | None) -> Self:
        """Return the rows of the projects that this person is a member of: the start of every query for a person."""
        if user is None or not user.is_authenticated:
            return self.none()
        mine = Membership.objects.filter(user_id=user.pk).values("project_id")
        return self.filter(**{f"{self.project_path}__in": mine})

    def select_for_update(self, *args: Any, **options: Any) -> Self:
        """Return the rows locked for a change, not for a removal: rows that point at them may be stored meanwhile.

        PostgreSQL locks a row that others point at when these are stored, in an order of its own: who waited for
        that with other rows locked would end in a deadlock (a file declared while its runs are started).
        """
        locked: Self = super().select_for_update(*args, **{"no_key": True, **options})
        return locked


class ArchivableQuerySet(VisibleQuerySet):
    """Rows that may be archived: hidden from lists and choices, and kept."""

    def offered(self) -> Self:
        """Return those that are not archived: what lists show and forms offer."""
        return self.filter(archived_at=None)


class ProjectQuerySet(VisibleQuerySet):
    """Projects."""

    project_path = "pk"

    def listed(self) -> Self:
        """Return those that are not archived."""
        return self.filter(archived_at=None)


class Project(models.Model):
    """A team's space; every other object belongs to one."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    is_demo = models.BooleanField(default=False, help_text="Made by the demo; may be removed as a whole.")
    monthly_budget_usd = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="USD that its calls may cost in a calendar month; empty: no budget.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True, help_text="Hidden from lists; everything is kept.")

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def role_of(self, user: Person) -> Role | None:
        """Return the role of this person here; None: no member."""
        if user.pk is None:
            return None
        membership = Membership.objects.filter(project=self, user_id=user.pk).first()
        return Role(membership.role) if membership else None


class MembershipQuerySet(VisibleQuerySet):
    """Memberships."""


class Membership(models.Model):
    """One person's role in one project."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="membership_once_per_project"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"
