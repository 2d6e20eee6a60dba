"""What is asked before somebody leaves or is removed, a token or an invitation is revoked, a draft discarded."""

from dataclasses import dataclass

from django.urls import reverse

from experiments.models import AccessToken, ExperimentDraft, Invitation, Membership
from experiments.models.projects import Person


@dataclass(frozen=True)
class Confirmation:
    """One question with what it means, the button that does it, and the way back."""

    heading: str
    sentences: list[str]
    label: str
    back_url: str

    @classmethod
    def of_removing(cls, membership: Membership, user: Person) -> "Confirmation":
        """Return what is asked before a member is removed, or leaves."""
        project, back_url = membership.project, reverse("experiments:member-list", args=[membership.project.uid])
        if membership.user_id == user.pk:
            lost = f"You see nothing of {project} any more; an owner can invite you again."
            return cls(f"Leave {project}?", [lost, "What you made and rated stays."], "Leave", back_url)
        lost = f"{membership.user} ({membership.role}) sees nothing of {project} any more."
        return cls(f"Remove {membership.user}?", [lost, "What they made and rated stays."], "Remove", back_url)

    @classmethod
    def of_discarding(cls, draft: ExperimentDraft) -> "Confirmation":
        """Return what is asked before a draft is discarded."""
        lost = "What was typed in it is lost. Results of Try 3 items are kept: equal requests are reused."
        return cls(f"Discard {draft}?", [lost], "Discard", reverse("experiments:draft-detail", args=[draft.uid]))

    @classmethod
    def of_revoking_invitation(cls, invitation: Invitation) -> "Confirmation":
        """Return what is asked before an invitation is revoked."""
        back_url = reverse("experiments:member-list", args=[invitation.project.uid])
        whom = invitation.note or "whoever has the link"
        lost = f"The link for {whom}, as {invitation.role} of {invitation.project}, lets nobody in any more."
        return cls("Revoke this invitation?", [lost], "Revoke", back_url)

    @classmethod
    def of_revoking_token(cls, token: AccessToken, user: Person) -> "Confirmation":
        """Return what is asked before a token is revoked."""
        whose = "" if token.user_id == user.pk else f" of {token.user}"
        lost = f"Programs that use this token{whose} are turned away from then on. This cannot be undone."
        return cls(f"Revoke {token.name}?", [lost], "Revoke", reverse("experiments:token-list"))
