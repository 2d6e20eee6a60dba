"""Access tokens: made by their person, revoked by their person or by an owner of a project of that person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from experiments.actions.refusals import ActionConflict, ActionRefused, checked_name
from experiments.models import AccessToken, Project, Scope
from experiments.models.projects import Person
from experiments.permissions import may

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME_LENGTH = 100
MOST_DAYS = 3650


def issue_token(
    *, name: str, by: User, days: int | None = None, scope: Scope = Scope.WRITE, within: Scope = Scope.ADMIN
) -> tuple[AccessToken, str]:
    """Make a token of this person; return it with its text, which is not to be had again.

    `within` is the scope of whoever asks: a token makes no stronger one. Raises ActionRefused.
    """
    name = checked_name(name, "a token", NAME_LENGTH)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise ActionRefused("days", f"a token holds for 1 to {MOST_DAYS:,} days, or until it is revoked")
    if not within.includes(scope):
        raise ActionRefused("scope", f"a token with the scope {within.value} makes none with the scope {scope.value}")
    return AccessToken.issue(user=by, name=name, expires_in=timedelta(days=days) if days else None, scope=scope)


def revoke_token(*, token: AccessToken, by: Person) -> None:
    """Make a token useless. Raises PermissionDenied, and ActionConflict when it was revoked before."""
    if token.user_id != by.pk and not _owns_a_project_of(token, by):
        raise PermissionDenied("Only its person, or an owner of a project of that person, may revoke a token.")
    if not token.revoke():
        raise ActionConflict(f"{token} is revoked already.")


def _owns_a_project_of(token: AccessToken, by: Person) -> bool:
    shared = Project.objects.visible_to(by).filter(memberships__user_id=token.user_id)
    return any(may(by, project, "revoke_tokens_of_others") for project in shared)
