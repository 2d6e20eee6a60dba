"""Roles x what is done with members and tokens: on the page, by API and in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from experiments.models import AccessToken, Membership, Project, Role, Scope
from tests.api_client import Api
from tests.factories import InvitationFactory, MembershipFactory, UserFactory

ROLES = ["viewer", "editor", "owner", "stranger"]
Case = Callable[[Project, Membership], tuple[str, str, Any]]

PAGES: dict[str, tuple[Case, dict[str, int]]] = {
    "list members": (
        lambda project, _: ("GET", f"/projects/{project.uid}/members/", None),
        {"viewer": 200, "editor": 200, "owner": 200, "stranger": 404},
    ),
    "invite": (
        lambda project, _: ("POST", f"/projects/{project.uid}/members/", {"role": "viewer", "days": "7"}),
        {"viewer": 403, "editor": 403, "owner": 200, "stranger": 404},
    ),
    "change a role": (
        lambda _, member: ("POST", f"/members/{member.uid}/role/", {"role": "editor"}),
        {"viewer": 403, "editor": 403, "owner": 302, "stranger": 404},
    ),
    "remove": (
        lambda _, member: ("POST", f"/members/{member.uid}/remove/", {}),
        {"viewer": 403, "editor": 403, "owner": 302, "stranger": 404},
    ),
    "revoke an invitation": (
        lambda project, _: ("POST", f"/invitations/{InvitationFactory(project=project).uid}/revoke/", {}),
        {"viewer": 404, "editor": 404, "owner": 302, "stranger": 404},
    ),
}
ROUTES: dict[str, tuple[Case, dict[str, int]]] = {
    "list members": (
        lambda project, _: ("GET", f"members/?project_id={project.uid}", None),
        {"viewer": 200, "editor": 200, "owner": 200, "stranger": 404},
    ),
    "read a member": (
        lambda _, member: ("GET", f"members/{member.uid}/", None),
        {"viewer": 200, "editor": 200, "owner": 200, "stranger": 404},
    ),
    "invite": (
        lambda project, _: ("POST", "invitations/", {"project": project.name, "role": "viewer"}),
        {"viewer": 403, "editor": 403, "owner": 201, "stranger": 404},
    ),
    "change a role": (
        lambda _, member: ("PATCH", f"members/{member.uid}/", {"role": "editor"}),
        {"viewer": 403, "editor": 403, "owner": 200, "stranger": 404},
    ),
    "remove": (
        lambda _, member: ("DELETE", f"members/{member.uid}/", None),
        {"viewer": 403, "editor": 403, "owner": 204, "stranger": 404},
    ),
    "read an invitation": (
        lambda project, _: ("GET", f"invitations/{InvitationFactory(project=project).uid}/", None),
        {"viewer": 404, "editor": 404, "owner": 200, "stranger": 404},
    ),
    "revoke an invitation": (
        lambda project, _: ("DELETE", f"invitations/{InvitationFactory(project=project).uid}/", None),
        {"viewer": 404, "editor": 404, "owner": 204, "stranger": 404},
    ),
}


@pytest.fixture
def member(project: Project) -> Membership:
    """A viewer of the project whom somebody does something with."""
    return MembershipFactory(project=project)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", PAGES)
def test_page_lets_pass_whom_the_table_names(
    client: Client, request: pytest.FixtureRequest, project: Project, member: Membership, role: str, name: str
) -> None:
    case, statuses = PAGES[name]
    client.force_login(request.getfixturevalue(role))
    method, address, body = case(project, member)

    answer = client.post(address, body) if method == "POST" else client.get(address)

    assert answer.status_code == statuses[role]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ROUTES)
def test_api_lets_pass_whom_the_table_names(
    request: pytest.FixtureRequest, project: Project, member: Membership, role: str, name: str
) -> None:
    case, statuses = ROUTES[name]
    token = AccessToken.issue(user=request.getfixturevalue(role), name="t", scope=Scope.ADMIN)[1]

    answer = Api().call(*case(project, member), Authorization=f"Bearer {token}")

    assert answer.status_code == statuses[role]


@pytest.mark.parametrize("name", ["invite", "change a role", "remove", "revoke an invitation"])
def test_api_needs_the_scope_admin_to_change_members(
    project: Project, owner: Any, member: Membership, name: str
) -> None:
    assert Api(owner).call(*ROUTES[name][0](project, member)).status_code == 403


def admin_of_members() -> User:
    """Return one of the staff whom Django lets view and change memberships."""
    person = UserFactory(is_staff=True)
    names = ["view_membership", "change_membership"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return person


@pytest.mark.parametrize(("role", "is_changed"), [("viewer", False), ("editor", False), ("owner", True)])
def test_admin_changes_roles_for_owners_only(
    client: Client, project: Project, member: Membership, role: str, is_changed: bool
) -> None:
    person = admin_of_members()
    MembershipFactory(project=project, user=person, role=Role(role))
    client.force_login(person)

    client.post(f"/admin/experiments/membership/{member.pk}/change/", {"role": "editor"})

    member.refresh_from_db()
    assert (member.role == Role.EDITOR) is is_changed


def test_admin_keeps_the_last_owner(client: Client, project: Project) -> None:
    person = admin_of_members()
    last = MembershipFactory(project=project, user=person, role=Role.OWNER)
    client.force_login(person)

    answer = client.post(f"/admin/experiments/membership/{last.pk}/change/", {"role": "viewer"}, follow=True)

    assert "last owner" in answer.content.decode()
    assert project.role_of(person) == Role.OWNER


def test_last_owner_stays_by_api(project: Project, owner: Any) -> None:
    token = AccessToken.issue(user=owner, name="t", scope=Scope.ADMIN)[1]
    path, header = f"members/{Membership.objects.get(user=owner).uid}/", {"Authorization": f"Bearer {token}"}

    statuses = [Api().patch(path, {"role": "viewer"}, **header).status_code, Api().delete(path, **header).status_code]

    assert statuses == [409, 409]
    assert Api().patch(path, {"role": "king"}, **header).status_code == 400


def test_link_made_by_api_lets_in(client: Client, project: Project, owner: Any) -> None:
    token = AccessToken.issue(user=owner, name="t", scope=Scope.ADMIN)[1]
    header = {"Authorization": f"Bearer {token}"}

    made = Api().post("invitations/", {"project": str(project.uid), "role": "owner", "note": "Maria"}, **header).json()

    assert client.get(made["url"]).status_code == 200
    listed = Api().get("invitations/", **header).json()["items"]
    assert [(one["note"], "url" in one) for one in listed] == [("Maria", False)]


def test_nobody_is_removed_and_nothing_revoked_before_it_is_confirmed(project: Project, owner: User) -> None:
    member = MembershipFactory(project=project, user__username="mary")
    invitation = InvitationFactory(project=project, note="for Ann")
    token, _ = AccessToken.issue(user=owner, name="notebook")
    mine = project.memberships.get(user=owner)
    client = Client()
    client.force_login(owner)

    addresses = [
        f"/members/{member.uid}/remove/",
        f"/members/{mine.uid}/remove/",
        f"/invitations/{invitation.uid}/revoke/",
        f"/settings/tokens/{token.uid}/revoke/",
    ]
    pages = [client.get(address).content.decode() for address in addresses]

    headings = ["Remove mary?", f"Leave {project.name}?", "Revoke this invitation?", "Revoke notebook?"]
    assert [one for one, page in zip(headings, pages, strict=True) if f"{one}</h1>" not in page] == []
    assert project.memberships.count() == 2
    assert project.invitations.count() == 1
    assert AccessToken.objects.usable().filter(pk=token.pk).exists()
    assert client.post(addresses[0]).status_code == 302
    assert not project.memberships.filter(pk=member.pk).exists()
