"""The admin shows staff what their membership shows them, and changes what their role allows."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from evalsite.project_admin import ProjectAdmin
from experiments.models import Experiment, Membership, Project, Role
from tests.boards import experiment_in, run_of
from tests.factories import MembershipFactory, ProjectFactory

OURS = sorted(
    model._meta.label_lower.replace(".", "_")
    for model, shown in admin.site._registry.items()
    if isinstance(shown, ProjectAdmin)
)


@pytest.fixture
def experiment(project: Project) -> Experiment:
    experiment = experiment_in(project, name="support-qa")
    run_of(experiment)
    return experiment


def staff_client(user: User) -> Client:
    """Return a client signed in as this person, made superuser: even those see their projects only."""
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.mark.parametrize("name", OURS)
def test_admin_lists_the_rows_of_members(owner: User, experiment: Experiment, name: str) -> None:
    assert staff_client(owner).get(reverse(f"admin:{name}_changelist"), follow=True).status_code == 200


def test_admin_shows_strangers_nothing(stranger: User, experiment: Experiment) -> None:
    client = staff_client(stranger)

    listed = client.get(reverse("admin:experiments_experiment_changelist")).content.decode()
    opened = client.get(reverse("admin:experiments_experiment_change", args=[experiment.pk]))

    assert "support-qa" not in listed
    assert opened.status_code == 302


@pytest.mark.parametrize(("role", "after"), [(Role.OWNER, Role.EDITOR), (Role.EDITOR, Role.VIEWER)])
def test_admin_changes_members_for_owners_only(db: None, role: Role, after: Role) -> None:
    project = ProjectFactory()
    boss = MembershipFactory(project=project, role=role).user
    member = MembershipFactory(project=project, role=Role.VIEWER)

    staff_client(boss).post(reverse("admin:experiments_membership_change", args=[member.pk]), {"role": Role.EDITOR})

    assert Membership.objects.get(pk=member.pk).role == after


def test_admin_of_an_account_shows_its_dates_and_changes_none(admin_client: Client, admin_user: User) -> None:
    page = admin_client.get(reverse("admin:auth_user_change", args=[admin_user.pk])).content.decode()

    assert "Date joined" in page
    assert 'name="date_joined_0"' not in page
    assert f"{admin_user.date_joined:%b %Y %H:%M}" in page


HELPERS = ("admin:index", "admin:password_change", "admin:jsi18n", "admin:login")


@pytest.mark.parametrize("name", HELPERS)
@pytest.mark.parametrize(("is_staff", "told"), [(True, "in no group that sees something"), (False, "is for staff")])
def test_admin_lets_nobody_in_who_would_see_nothing(viewer: User, name: str, is_staff: bool, told: str) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=is_staff)
    client = Client()
    client.force_login(User.objects.get(pk=viewer.pk))

    answer = client.get(reverse(name), follow=True)

    assert (answer.status_code, answer.templates[0].name) == (403, "403.html")
    assert told in answer.content.decode()
    assert "Admin</" not in client.get("/").content.decode()


def test_admin_leads_strangers_to_the_site_s_sign_in(client: Client, db: None) -> None:
    answers = [client.get(reverse(name)) for name in HELPERS]

    assert {answer.status_code for answer in answers} == {302}
    assert {answer["Location"].partition("?")[0] for answer in answers} == {reverse("sign-in")}


def test_admin_leads_its_staff_on_from_the_pages_that_are_the_site_s(admin_client: Client) -> None:
    assert admin_client.get(reverse("admin:login"))["Location"] == reverse("admin:index")
    assert admin_client.get(reverse("admin:password_change"))["Location"] == reverse("password")
