"""Sign-in, sign-out, the theme, the icon and the pages of errors."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, DisallowedRedirect
from django.db import OperationalError
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from evalsite import views
from experiments.models import SignInLink
from tests.factories import UserFactory

FORM = "application/x-www-form-urlencoded"

PASSWORD = "a long enough password"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("maria", password=PASSWORD)


@pytest.fixture
def staff_client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_sign_in_with_the_right_password_leads_on(client: Client, person: User) -> None:
    answer = client.post(reverse("sign-in"), {"username": "maria", "password": PASSWORD, "next": "/admin/"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert client.session["_auth_user_id"] == str(person.pk)


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_sign_in_never_leads_off_the_site(rf: RequestFactory, wanted: str) -> None:
    request = rf.post("/", {"next": wanted})

    assert views._next_url(request, "/here/") == "/here/"


def test_sign_in_with_a_wrong_password_answers_422_and_keeps_the_name(client: Client, person: User) -> None:
    answer = client.post(reverse("sign-in"), {"username": "maria", "password": "wrong", "next": "/admin/"})

    assert answer.status_code == 422
    assert 'value="maria"' in answer.content.decode()
    assert 'value="/admin/"' in answer.content.decode()
    assert "wrong" not in answer.content.decode()


def test_sign_in_link_is_not_used_up_by_opening_it(client: Client, person: User) -> None:
    token = SignInLink.issue(person)

    answer = client.get(reverse("sign-in-link", args=[token]))

    assert answer.status_code == 200
    assert "Sign in as" in answer.content.decode()
    assert SignInLink.objects.get().used_at is None


def test_sign_in_link_signs_in_by_its_button_once(client: Client, person: User) -> None:
    address = reverse("sign-in-link", args=[SignInLink.issue(person)])

    first, second = client.post(address), Client().post(address)

    assert first.status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert second.status_code == 410
    assert "no longer valid" in second.content.decode()


def test_sign_in_link_after_its_time_answers_410(client: Client, person: User) -> None:
    token = SignInLink.issue(person)
    SignInLink.objects.update(created_at=timezone.now() - timedelta(minutes=16))

    answer = client.get(reverse("sign-in-link", args=[token]))

    assert answer.status_code == 410


def test_sign_out_ends_the_session_and_says_so(client: Client, person: User) -> None:
    client.force_login(person)

    answer = client.post(reverse("sign-out"), follow=True)

    assert "You are signed out" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_sign_out_by_a_mere_link_is_refused(client: Client, person: User) -> None:
    client.force_login(person)

    assert client.get(reverse("sign-out")).status_code == 405


def test_theme_is_remembered_and_shown_on_the_next_page(client: Client, db: None) -> None:
    answer = client.post(reverse("theme"), {"theme": "dark", "next": "/sign-in/"})
    page = client.get(reverse("sign-in"))

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert '<html lang="en" data-theme="dark">' in page.content.decode()


def test_theme_that_is_unknown_changes_nothing(client: Client, db: None) -> None:
    client.post(reverse("theme"), {"theme": "pink"})

    assert "theme" not in client.cookies


def test_theme_cookie_that_was_forged_is_not_shown(client: Client, db: None) -> None:
    client.cookies["theme"] = '"><script>'

    page = client.get(reverse("sign-in"))

    assert 'data-theme="system"' in page.content.decode()


def test_favicon_leads_to_the_mark(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert answer["Location"].endswith("img/mark.svg")


def test_page_that_does_not_exist_has_its_own_page(client: Client, db: None) -> None:
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_page_that_does_not_exist_has_the_sidebar_of_whoever_is_signed_in(client: Client, viewer: User) -> None:
    signed_out = client.get("/nowhere/").content.decode()
    client.force_login(viewer)

    signed_in = client.get("/nowhere/").content.decode()

    assert 'class="sidebar"' not in signed_out
    assert 'class="sidebar"' in signed_in
    assert viewer.get_username() in signed_in


def test_page_that_does_not_exist_is_shown_while_the_database_is_silent(
    rf: RequestFactory, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = rf.get("/nowhere/")
    request.user = viewer
    monkeypatch.setattr("evalsite.context.ChosenProjects.of", silent)

    answer = views.not_found(request, Http404())

    assert (answer.status_code, b'class="sidebar"' in answer.content) == (404, False)


def silent(*_: object) -> None:
    """Be a database that does not answer."""
    raise OperationalError("the database is away")


def test_fragment_that_does_not_exist_answers_with_a_message_alone(client: Client, db: None) -> None:
    answer = client.get("/nowhere/", headers={"HX-Request": "true"})

    assert answer.status_code == 404
    assert answer.content.decode().startswith('<div class="message message--error">')


def test_refusal_shows_its_sentence_escaped(rf: RequestFactory) -> None:
    answer = views.not_allowed(rf.get("/"), PermissionError("Only an owner of <b> may do this."))

    assert answer.status_code == 403
    assert "Only an owner of &lt;b&gt; may do this." in answer.content.decode()


def test_broken_page_needs_neither_database_nor_session(rf: RequestFactory) -> None:
    answer = views.broken(rf.get("/"))

    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()


@pytest.mark.parametrize("answer", [views.broken, lambda request: views.bad_request(request, ValueError())])
def test_error_outside_of_the_views_is_a_problem_document_by_api(rf: RequestFactory, answer: Any) -> None:
    found = answer(rf.get("/api/v1/runs/"))

    body = json.loads(found.content)
    assert (found["Content-Type"], body["status"]) == ("application/problem+json", found.status_code)
    assert body["detail"].endswith(".")


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [{"document": "x" * 3_000_000}, {f"field{number}": "x" for number in range(1_100)}])
def test_form_that_is_too_large_says_what_to_do(client: Client, typed: dict[str, str]) -> None:
    client.force_login(UserFactory())

    answer = client.post(reverse("experiments:experiment-new"), urlencode(typed), FORM)

    assert answer.status_code == 400
    assert "send long texts and items as files" in answer.content.decode()


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [(DisallowedRedirect(), "is too long for a browser"), (BadRequest(), "load the page anew")],
)
def test_request_that_django_refuses_has_a_page_of_ours(rf: RequestFactory, refusal: Exception, sentence: str) -> None:
    answer = views.bad_request(rf.get("/"), refusal)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()


def test_way_back_that_is_endless_is_not_taken(client: Client, db: None) -> None:
    client.force_login(UserFactory())

    answer = client.post("/theme/", {"theme": "dark", "next": f"/runs/?status={'x' * 20_000}"})

    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_strange_host_is_a_problem_document_by_api(client: Client, db: None) -> None:
    answer = client.get("/api/v1/runs/", headers={"Host": "elsewhere.example"})

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_not_found_looks_alike_for_missing_and_forbidden(rf: RequestFactory) -> None:
    missing = views.not_found(rf.get("/"), Http404("No run matches"))
    forbidden = views.not_found(rf.get("/"), Http404("not a member"))

    assert missing.content == forbidden.content


@pytest.mark.parametrize("address", ["/sign-in/", "/signed-out/", "/nowhere/"])
def test_pages_hold_no_inline_script_or_style(client: Client, db: None, address: str) -> None:
    answer = client.get(address)
    text = answer.content.decode()

    assert "<style" not in text
    assert "style=" not in text
    assert "<script>" not in text
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_admin_is_shown_on_the_site_s_tokens(staff_client: Client) -> None:
    text = staff_client.get("/admin/").content.decode()

    assert "css/tokens.css" in text
    assert "admin/js/theme.js" not in text
    assert "theme-system" in text


def test_form_that_expired_says_so(db: None) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post(reverse("sign-in"), {"username": "maria"})

    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
