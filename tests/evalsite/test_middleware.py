"""Who is not signed in: pages, fragments, streams; and the headers of fragments."""

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from evalsite.middleware import FormAddressMiddleware, FragmentHeadersMiddleware, SignInRequiredMiddleware

DRAFT = "/experiment-drafts/00000000-0000-0000-0000-000000000001/"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("maria")


def strangers_answer(rf: RequestFactory, path: str, **headers: str) -> HttpResponse:
    """Return what a view that needs sign-in answers to a stranger."""
    middleware = SignInRequiredMiddleware(lambda request: HttpResponse("secret"))
    answer = middleware.handle_no_permission(rf.get(path, headers=headers), lambda request: HttpResponse("secret"))
    assert isinstance(answer, HttpResponse)
    return answer


def test_stranger_is_led_from_a_page_to_the_sign_in(rf: RequestFactory) -> None:
    answer = strangers_answer(rf, "/runs/?status=failed")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/runs/%3Fstatus%3Dfailed")


def test_stranger_with_an_endless_address_is_led_to_the_sign_in_alone(rf: RequestFactory) -> None:
    answer = strangers_answer(rf, f"/runs/?status={'x' * 20_000}")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")


def test_stranger_s_fragment_answers_401_and_leads_the_whole_page_away(rf: RequestFactory) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://site.example/runs/?a=b"}

    answer = strangers_answer(rf, "/runs/progress/", **headers)

    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/sign-in/?next=/runs/%3Fa%3Db")
    assert answer.content == b""


def test_stranger_s_stream_ends_for_good(rf: RequestFactory) -> None:
    answer = strangers_answer(rf, "/runs/stream/", Accept="text/event-stream")

    assert answer.status_code == 204


@pytest.mark.parametrize("path", ["/sign-in/", "/signed-out/", "/healthz", "/favicon.ico"])
def test_open_doors_need_no_sign_in(client: Client, db: None, path: str) -> None:
    answer = client.get(path)

    assert "/sign-in/?next" not in answer.get("Location", "")


def test_fragment_is_never_kept(rf: RequestFactory) -> None:
    middleware = FragmentHeadersMiddleware(lambda request: HttpResponse("part"))

    answer = middleware(rf.get("/", headers={"HX-Request": "true"}))

    assert answer["Cache-Control"] == "no-store"
    assert answer["Vary"] == "HX-Request"


def test_page_may_be_kept_but_not_as_a_fragment(rf: RequestFactory) -> None:
    middleware = FragmentHeadersMiddleware(lambda request: HttpResponse("page"))

    answer = middleware(rf.get("/"))

    assert answer["Vary"] == "HX-Request"
    assert "Cache-Control" not in answer


@pytest.mark.parametrize(
    ("referer", "next_address"),
    [("http://testserver/providers/new/?a=1", "/providers/new/%3Fa%3D1"), ("", "")],
)
def test_form_that_is_sent_without_a_session_leads_back_to_its_page(
    client: Client, db: None, referer: str, next_address: str
) -> None:
    answer = client.post("/projects/choose/", {"project": ""}, headers={"Referer": referer})

    assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={next_address}")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        (
            "/experiment-drafts/00000000-0000-0000-0000-000000000001/try/",
            "/experiment-drafts/00000000-0000-0000-0000-000000000001/",
        ),
        ("/projects/choose/", "/projects/"),
        ("/theme/", "/"),
    ],
)
def test_address_of_a_form_leads_a_browser_to_the_page_above_it(
    client: Client, person: User, path: str, page: str
) -> None:
    client.force_login(person)

    answer = client.get(path, headers=BROWSER)

    assert (answer.status_code, answer["Location"]) == (302, page)


@pytest.mark.parametrize(
    ("method", "path", "accept"), [("GET", "/a/b/", "*/*"), ("PUT", "/a/b/", ""), ("GET", "/api/b/", "")]
)
def test_address_of_a_form_is_refused_to_programs(rf: RequestFactory, method: str, path: str, accept: str) -> None:
    middleware = FormAddressMiddleware(lambda request: HttpResponse(status=405))

    answer = middleware(rf.generic(method, path, headers={"Accept": accept or BROWSER["Accept"]}))

    assert answer.status_code == 405
