"""Members: invited by a link that lets in once, given another role, taken out; an owner always remains."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    accept_invitation,
    change_role,
    invite,
    join_as_new,
    remove_member,
    revoke_invitation,
)
from experiments.models import Invitation, Membership, Project, Role
from tests.factories import MembershipFactory, UserFactory

PASSWORD = "staple seventeen words"


def link_to(project: Project, role: str = Role.EDITOR) -> tuple[Invitation, str]:
    made, token = invite(project=project, role=role, by=None)
    return made, f"/invitations/{token}/"


def membership_of(person: Any) -> Membership:
    return Membership.objects.get(user=person)


def test_invitation_lets_one_person_in(project: Project) -> None:
    first, second = UserFactory.create_batch(2)
    invitation, _ = link_to(project)

    accept_invitation(invitation=invitation, by=first)

    assert project.role_of(first) == Role.EDITOR
    with pytest.raises(ActionConflict, match="no longer valid"):
        accept_invitation(invitation=invitation, by=second)
    assert project.role_of(second) is None


def test_member_does_not_use_an_invitation_up(project: Project, viewer: Any) -> None:
    invitation, _ = link_to(project, Role.OWNER)

    with pytest.raises(ActionConflict, match="You are viewer of team already"):
        accept_invitation(invitation=invitation, by=viewer)

    assert project.role_of(viewer) == Role.VIEWER
    assert Invitation.objects.usable().exists()


def test_new_person_makes_an_account_and_is_in(project: Project) -> None:
    invitation, _ = link_to(project, Role.VIEWER)

    user = join_as_new(invitation=invitation, username=" maria ", password=PASSWORD)

    assert (user.username, project.role_of(user)) == ("maria", Role.VIEWER)
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("", PASSWORD, "username"),
        ("two words", PASSWORD, "username"),
        ("viewer", PASSWORD, "username"),
        ("maria", "short", "password"),
        ("maria", "password", "password"),
    ],
)
def test_account_that_does_not_fit_uses_nothing_up(
    project: Project, viewer: Any, username: str, password: str, field: str
) -> None:
    invitation, _ = link_to(project)

    with pytest.raises(ActionRefused) as refused:
        join_as_new(invitation=invitation, username=username, password=password)

    assert refused.value.field == field
    assert Invitation.objects.usable().exists()
    assert get_user_model().objects.count() == 1


def test_account_is_not_made_when_the_link_was_used_meanwhile(project: Project) -> None:
    invitation, _ = link_to(project)
    Invitation.objects.update(used_at=timezone.now())

    with pytest.raises(ActionConflict):
        join_as_new(invitation=invitation, username="maria", password=PASSWORD)

    assert not get_user_model().objects.filter(username="maria").exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [({"role": "king"}, "role"), ({"days": 0}, "days"), ({"days": 91}, "days"), ({"note": "x" * 101}, "note")],
)
def test_invitation_that_does_not_fit_is_refused(project: Project, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        invite(project=project, by=None, **{"role": Role.VIEWER, **values})

    assert refused.value.field == field


@pytest.mark.parametrize("change", [{"used_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(days=1)}])
def test_invitation_that_is_useless_is_not_revoked(project: Project, change: dict[str, Any]) -> None:
    invitation, _ = link_to(project)
    Invitation.objects.update(**change)

    with pytest.raises(ActionConflict):
        revoke_invitation(invitation=invitation, by=None)


def test_last_owner_stays(project: Project, owner: Any) -> None:
    membership = membership_of(owner)

    with pytest.raises(ActionConflict, match="last owner of team"):
        change_role(membership=membership, role=Role.EDITOR, by=owner)
    with pytest.raises(ActionConflict, match="last owner of team"):
        remove_member(membership=membership, by=owner)
    MembershipFactory(project=project, role=Role.OWNER)
    remove_member(membership=membership, by=owner)

    assert project.role_of(owner) is None


def test_member_may_leave_and_take_nobody_along(project: Project, viewer: Any, editor: Any) -> None:
    remove_member(membership=membership_of(viewer), by=viewer)

    with pytest.raises(PermissionDenied):
        remove_member(membership=membership_of(editor), by=viewer)
    assert project.role_of(viewer) is None


def test_link_shows_the_project_and_lets_a_signed_in_person_join(client: Client, project: Project) -> None:
    person = UserFactory()
    client.force_login(person)
    _, address = link_to(project)

    shown = client.get(address).content.decode()
    joined = client.post(address, follow=True)

    assert f"Join as {person.username}" in shown
    assert "I am somebody else: sign out" in shown
    assert "You are editor of team now." in joined.content.decode()
    client.logout()
    assert client.get(address).status_code == 410


def test_link_opened_by_somebody_else_is_there_after_signing_out(client: Client, project: Project) -> None:
    client.force_login(UserFactory())
    _, address = link_to(project)

    left = client.post("/sign-out/", {"next": address}, follow=True)

    assert left.redirect_chain == [(address, 302)]
    assert "Make an account and join" in left.content.decode()


def test_link_leads_whom_it_let_in_to_the_start_and_nobody_else(client: Client, project: Project) -> None:
    person, other = UserFactory.create_batch(2)
    made, address = link_to(project)
    accept_invitation(invitation=made, by=person)
    client.force_login(person)

    again = client.get(address, follow=True)

    assert f"You have joined {project} by this link already." in again.content.decode()
    client.force_login(other)
    assert client.get(address).status_code == 410
    Membership.objects.filter(user=person).delete()
    client.force_login(person)
    assert client.get(address).status_code == 410


def test_link_shows_a_stranger_both_ways_in(client: Client, project: Project) -> None:
    _, address = link_to(project)

    page = client.get(address).content.decode()

    assert f"/sign-in/?next={address}" in page
    assert "Make an account and join" in page


def test_stranger_joins_and_is_signed_in(client: Client, project: Project) -> None:
    _, address = link_to(project)

    body = {"username": "maria", "password": PASSWORD, "password_again": PASSWORD}
    answer = client.post(address, body, follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert f"You are editor of {project} now." in answer.content.decode()
    assert project.role_of(get_user_model().objects.get(username="maria")) == Role.EDITOR


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password_again": "other"}, "differ"),
        ({"username": "owner"}, "already exists"),
        ({"password": ""}, "required"),
    ],
)
def test_what_does_not_fit_is_said_and_the_name_is_kept(
    client: Client, project: Project, owner: Any, change: dict[str, str], sentence: str
) -> None:
    _, address = link_to(project)
    body = {"username": "maria", "password": PASSWORD, "password_again": PASSWORD, **change}

    answer = client.post(address, body)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert f'value="{body["username"]}"' in page
    assert PASSWORD not in page


@pytest.mark.parametrize("address", ["/invitations/x/", "/invitations/%00/"])
def test_unknown_link_lets_nobody_in(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 410
    assert client.post(address, {"username": "maria"}).status_code == 410


def test_revoked_link_lets_nobody_in(client: Client, project: Project) -> None:
    invitation, address = link_to(project)
    revoke_invitation(invitation=invitation, by=None)

    assert client.get(address).status_code == 410


def test_page_makes_a_link_and_shows_it_once(client: Client, project: Project, owner: Any) -> None:
    client.force_login(owner)
    address = f"/projects/{project.uid}/members/"

    made = client.post(address, {"role": "editor", "days": "7", "note": "Maria"})

    assert "/invitations/" in made.content.decode()
    listed = client.get(address).content.decode()
    assert "Maria" in listed
    assert 'id="new-invitation"' not in listed
    invitation = Invitation.objects.get()
    client.post(f"/invitations/{invitation.uid}/revoke/")
    assert not Invitation.objects.usable().exists()


def test_page_changes_a_role_and_says_what_stands_against_it(
    client: Client, project: Project, owner: Any, viewer: Any
) -> None:
    client.force_login(owner)

    changed = client.post(f"/members/{membership_of(viewer).uid}/role/", {"role": "editor"}, follow=True)
    refused = client.post(f"/members/{membership_of(owner).uid}/role/", {"role": "viewer"}, follow=True)
    unknown = client.post(f"/members/{membership_of(viewer).uid}/role/", {"role": "king"}, follow=True)

    assert "viewer is now editor" in changed.content.decode()
    assert "last owner" in refused.content.decode()
    assert "a role is one of" in unknown.content.decode()
    assert (project.role_of(viewer), project.role_of(owner)) == (Role.EDITOR, Role.OWNER)


def test_page_removes_a_member_whose_work_stays(client: Client, project: Project, owner: Any, viewer: Any) -> None:
    client.force_login(owner)

    client.post(f"/members/{membership_of(viewer).uid}/remove/")

    assert project.role_of(viewer) is None
    assert get_user_model().objects.filter(pk=viewer.pk).exists()


def test_member_who_leaves_is_led_to_the_start(client: Client, project: Project, viewer: Any) -> None:
    client.force_login(viewer)

    answer = client.post(f"/members/{membership_of(viewer).uid}/remove/")

    assert answer["Location"] == "/"


def test_project_list_shows_role_and_counts(client: Client, project: Project, owner: Any, viewer: Any) -> None:
    client.force_login(viewer)

    page = client.get("/projects/").content.decode()

    assert f"/projects/{project.uid}/members/" in page
    assert '<td class="table__number">2</td>' in page


def test_person_without_a_project_is_told_how_to_come_to_one(client: Client, db: None) -> None:
    client.force_login(UserFactory())

    assert "No project yet" in client.get("/projects/").content.decode()
