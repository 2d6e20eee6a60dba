"""The frame's context: theme, sidebar, navigation."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import RequestFactory

from evalsite.context import Link, shell


def frame_for(rf: RequestFactory, user: User | AnonymousUser, path: str = "/", **cookies: str) -> dict[str, object]:
    """Return the context of the frame for this person on this page."""
    request = rf.get(path)
    request.user = user
    request.COOKIES.update(cookies)
    return shell(request)


def labels(links: object) -> list[str]:
    """Return the texts of some links."""
    assert isinstance(links, list)
    return [link.label for link in links]


def test_navigation_of_a_stranger_is_empty(rf: RequestFactory) -> None:
    frame = frame_for(rf, AnonymousUser())

    assert (frame["work_links"], frame["library_links"], frame["foot_links"]) == ([], [], [])


@pytest.mark.parametrize(("is_staff", "is_shown"), [(True, True), (False, False)])
def test_admin_is_in_the_navigation_of_staff_only(rf: RequestFactory, is_staff: bool, is_shown: bool) -> None:
    frame = frame_for(rf, User(username="maria", is_staff=is_staff, is_superuser=True))

    assert ("Admin" in labels(frame["foot_links"])) is is_shown


def test_entry_of_the_page_shown_is_current(rf: RequestFactory) -> None:
    frame = frame_for(rf, User(username="maria", is_staff=True, is_superuser=True), "/admin/auth/user/")

    assert Link("Admin", "sliders", "/admin/", is_current=True) in frame["foot_links"]


@pytest.mark.parametrize(
    ("path", "links", "label"),
    [
        ("/experiment-drafts/1/", "work_links", "Experiments"),
        ("/imports/1/", "library_links", "Datasets"),
        ("/projects/1/settings/", "foot_links", "Settings"),
        ("/nothing-here/", "work_links", None),
    ],
)
def test_page_with_an_address_of_its_own_belongs_to_an_entry(
    rf: RequestFactory, path: str, links: str, label: str | None
) -> None:
    frame = frame_for(rf, User(username="maria"), path)

    assert next((link.label for link in frame[links] if link.is_current), None) == label  # type: ignore[attr-defined]


@pytest.mark.parametrize(("cookie", "is_folded"), [("folded", True), ("open", False), ("", False)])
def test_sidebar_is_as_its_cookie_says(rf: RequestFactory, cookie: str, is_folded: bool) -> None:
    frame = frame_for(rf, AnonymousUser(), sidebar=cookie)

    assert frame["is_sidebar_folded"] is is_folded
