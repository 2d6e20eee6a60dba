"""The profile: a name that is kept apart until it fits, a password that ends the other sessions."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

PROFILE, PASSWORD = "/settings/profile/", "/settings/password/"
FORMER, NEW = "correct horse battery", "staple seventeen words"


@pytest.fixture
def signed_in(client: Client, viewer: Any) -> Client:
    """A browser of the viewer, whose password is FORMER."""
    viewer.set_password(FORMER)
    viewer.save()
    client.force_login(viewer)
    return client


def test_settings_lead_to_the_profile(signed_in: Client) -> None:
    assert signed_in.get("/settings/", follow=True).redirect_chain == [(PROFILE, 302)]


def test_name_is_changed(signed_in: Client) -> None:
    answer = signed_in.post(PROFILE, {"username": "maria", "email": "maria@example.org"}, follow=True)

    assert "Saved." in answer.content.decode()
    assert get_user_model().objects.filter(username="maria", email="maria@example.org").exists()


@pytest.mark.parametrize("name", ["", "owner", "two words", "x" * 151])
def test_name_that_does_not_fit_is_refused_and_kept(signed_in: Client, owner: Any, name: str) -> None:
    answer = signed_in.post(PROFILE, {"username": name})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'value="{name}"' in page or not name
    assert 'title="viewer: profile and password"' in page
    assert get_user_model().objects.filter(username="viewer").exists()


def test_password_change_ends_the_other_sessions(signed_in: Client, viewer: Any) -> None:
    elsewhere = Client()
    elsewhere.force_login(viewer)
    body = {"old_password": FORMER, "new_password1": NEW, "new_password2": NEW}

    answer = signed_in.post(PASSWORD, body, follow=True)

    assert "every other browser is signed out" in answer.content.decode()
    assert signed_in.get(PROFILE).status_code == 200
    assert elsewhere.get(PROFILE).status_code == 302
    viewer.refresh_from_db()
    assert viewer.check_password(NEW)


@pytest.mark.parametrize(
    "body",
    [
        {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW},
        {"old_password": FORMER, "new_password1": NEW, "new_password2": "another"},
        {"old_password": FORMER, "new_password1": "short", "new_password2": "short"},
    ],
)
def test_password_that_does_not_fit_changes_nothing(signed_in: Client, viewer: Any, body: dict[str, str]) -> None:
    answer = signed_in.post(PASSWORD, body)

    viewer.refresh_from_db()
    assert answer.status_code == 422
    assert viewer.check_password(FORMER)
    assert f'value="{body["new_password1"]}"' not in answer.content.decode()


def test_person_without_a_password_sets_one(client: Client, viewer: Any) -> None:
    viewer.set_unusable_password()
    viewer.save()
    client.force_login(viewer)

    assert "old_password" not in client.get(PROFILE).content.decode()
    client.post(PASSWORD, {"new_password1": NEW, "new_password2": NEW})

    viewer.refresh_from_db()
    assert viewer.check_password(NEW)
