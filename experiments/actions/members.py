"""Who belongs to a project: invited by a link, let in, given another role, taken out. An owner always remains."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from experiments.actions.locking import locked_row
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.models import Invitation, Membership, Project, Role
from experiments.models.projects import Person
from experiments.permissions import require, user_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_DAYS = 90
NOTE_LENGTH = 100
NO_LONGER = "This invitation is no longer valid: it was used or revoked, or is too old. Ask an owner for a new one."


def invite(*, project: Project, role: str, by: Person | None, days: int = 7, note: str = "") -> tuple[Invitation, str]:
    """Make a link that lets one person in; return it with its token, which is not to be had again.

    Raises ActionRefused naming the field that does not fit.
    """
    require(by, project, "edit_members")
    if not 1 <= days <= MOST_DAYS:
        raise ActionRefused("days", f"an invitation holds for 1 to {MOST_DAYS} days")
    note = note.replace("\0", "").strip()
    if len(note) > NOTE_LENGTH:
        raise ActionRefused("note", f"the note has {len(note)} characters; {NOTE_LENGTH} are allowed")
    expires_at = timezone.now() + timedelta(days=days)
    return Invitation.issue(
        project=project, role=_checked_role(role), note=note, created_by=user_of(by), expires_at=expires_at
    )


def revoke_invitation(*, invitation: Invitation, by: Person | None) -> None:
    """Make an invitation useless. Raises ActionConflict when it is so already."""
    require(by, invitation.project, "edit_members")
    if not invitation.revoke():
        raise ActionConflict("This invitation was used, revoked or too old already.")


@transaction.atomic
def accept_invitation(*, invitation: Invitation, by: User) -> Membership:
    """Let a person in, who then has the invitation's role. Raises ActionConflict for a member and a useless link."""
    member = Membership.objects.filter(project=invitation.project, user=by).first()
    if member is not None:
        raise ActionConflict(
            f"You are {member.role} of {invitation.project} already; the invitation is still good for somebody else."
        )
    if not invitation.use(by):
        raise ActionConflict(NO_LONGER)
    return Membership.objects.create(project=invitation.project, user=by, role=invitation.role)


@transaction.atomic
def join_as_new(*, invitation: Invitation, username: str, password: str) -> User:
    """Make an account for whoever has the link, and let it in.

    Raises ActionRefused naming what does not fit, ActionConflict for a link that is useless by now.
    """
    user: User = get_user_model()(username=username.strip())
    try:
        user.clean_fields(exclude=["password"])
        user.validate_unique()
    except ValidationError as error:
        raise ActionRefused("username", " ".join(error.messages)) from error
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ActionRefused("password", " ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    accept_invitation(invitation=invitation, by=user)
    return user


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Person | None) -> Membership:
    """Give a member another role. Raises ActionRefused for none that there is, ActionConflict for the last owner."""
    require(by, membership.project, "edit_members")
    role = _checked_role(role)
    locked = _locked(membership)
    if role != Role.OWNER:
        _refuse_for_the_last_owner(locked)
    locked.role = role
    locked.save(update_fields=["role"])
    return locked


@transaction.atomic
def remove_member(*, membership: Membership, by: Person | None) -> None:
    """Take a member out; members may go by themselves. What they made stays. Raises ActionConflict as above."""
    if by is None or membership.user_id != by.pk:
        require(by, membership.project, "edit_members")
    locked = _locked(membership)
    _refuse_for_the_last_owner(locked)
    locked.delete()


def _checked_role(role: str) -> Role:
    if role not in Role.values:
        raise ActionRefused("role", f"a role is one of {', '.join(Role.values)}")
    return Role(role)


def _locked(membership: Membership) -> Membership:
    """Return the membership as it is now, its project locked: two owners cannot take each other out at once."""
    locked_row(membership.project)
    locked: Membership | None = Membership.objects.select_related("project", "user").filter(pk=membership.pk).first()
    if locked is None:
        raise ActionConflict("This person is no member any more.")
    return locked


def _refuse_for_the_last_owner(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise ActionConflict(
            f"{membership.user} is the last owner of {membership.project}: make somebody else an owner first."
        )
