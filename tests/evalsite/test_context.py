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
    frame = frame_for(rf, User(username="maria", is_staff=is_staff))

    assert ("Admin" in labels(frame["foot_links"])) is is_shown


def test_entry_of_the_page_shown_is_current(rf: RequestFactory) -> None:
    frame = frame_for(rf, User(username="maria", is_staff=True), "/admin/auth/user/")

    assert Link("Admin", "sliders", "/admin/", is_current=True) in frame["foot_links"]


@pytest.mark.parametrize(("cookie", "is_folded"), [("folded", True), ("open", False), ("", False)])
def test_sidebar_is_as_its_cookie_says(rf: RequestFactory, cookie: str, is_folded: bool) -> None:
    frame = frame_for(rf, AnonymousUser(), sidebar=cookie)

    assert frame["is_sidebar_folded"] is is_folded
