"""The pages of one project: its members and invitations, its settings."""

from dataclasses import dataclass

from django.shortcuts import get_object_or_404
from django.urls import reverse

from experiments.models import Invitation, Membership, Project, Role
from experiments.models.projects import Person
from experiments.pages.head import Tab
from experiments.permissions import may


@dataclass(frozen=True)
class ProjectHead:
    """What the tabs of a project share."""

    project: Project
    role: Role | None
    tabs: list[Tab]

    @classmethod
    def build(cls, uid: object, user: Person, current: str) -> "ProjectHead":
        """Return the head of one tab. Raises Http404 for strangers."""
        project = get_object_or_404(Project.objects.visible_to(user), uid=uid)
        names = {"Members": "experiments:member-list", "Settings": "experiments:project-settings"}
        tabs = [Tab(label, reverse(name, args=[project.uid]), label == current) for label, name in names.items()]
        return cls(project, project.role_of(user), tabs)


@dataclass(frozen=True)
class MemberListPage:
    """The members of a project, and the invitations that still let somebody in."""

    members: list[Membership]
    invitations: list[Invitation]
    roles: list[tuple[str, str]]
    can_edit: bool

    @classmethod
    def build(cls, project: Project, user: Person) -> "MemberListPage":
        """Return the page; invitations are for those who make them."""
        can_edit = may(user, project, "edit_members")
        members = project.memberships.select_related("user").order_by("user__username")
        usable = project.invitations.usable().select_related("created_by") if can_edit else []
        return cls(list(members), list(usable), [(role.value, role.label) for role in Role], can_edit)
