"""What the frame of every page needs: the theme, the sidebar's state, the entries of the navigation."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from evalsite.admin_site import sees_the_admin
from experiments.chosen_projects import ChosenProjects

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
SIDEBAR_COOKIE = "sidebar"


@dataclass(frozen=True)
class Entry:
    """One entry of the sidebar."""

    label: str
    """Its text."""
    route: str
    """Name of the address it leads to."""
    icon: str
    """Name of the symbol in templates/components/_sprite.html."""
    is_exact: bool = False
    """Whether it is current on its own address only, not on those below."""
    also: tuple[str, ...] = ()
    """Beginnings of other addresses whose pages belong to it."""


@dataclass(frozen=True)
class Link:
    """An entry as one page shows it."""

    label: str
    """Its text."""
    icon: str
    """Name of its symbol."""
    url: str
    """Where it leads."""
    is_current: bool
    """Whether the page shown belongs to it."""


WORK = (
    Entry("Home", "home", "home", is_exact=True),
    Entry("Experiments", "experiments:experiment-list", "flask", also=("/experiment-drafts/", "/scorer-proposals/")),
    Entry("Runs", "runs:run-list", "runs"),
)
LIBRARY = (
    Entry("Datasets", "experiments:dataset-list", "rows", also=("/imports/", "/bulk-edits/")),
    Entry("Prompts", "experiments:prompt-list", "message"),
    Entry("Providers", "experiments:provider-list", "plug"),
    Entry("Scorers", "experiments:scorer-kind-list", "scale"),
)
FOOT = (
    Entry("Settings", "settings", "gear", also=("/projects/", "/members/")),
    Entry("API", "api:schema", "braces"),
)
STAFF_FOOT = (FOOT[0], Entry("Admin", "admin:index", "sliders"), *FOOT[1:])


def theme_of(request: HttpRequest) -> str:
    """Return the theme that the person chose; `system` without a choice."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def shell(request: HttpRequest) -> dict[str, object]:
    """Return the context of the frame; the navigation is empty for whoever is not signed in."""
    user = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    foot = STAFF_FOOT if user is not None and sees_the_admin(user) else FOOT
    return {
        "theme": theme_of(request),
        "themes": THEMES,
        "is_sidebar_folded": request.COOKIES.get(SIDEBAR_COOKIE) == "folded",
        # Read by pages only: a fragment has no sidebar.
        "projects": SimpleLazyObject(lambda: ChosenProjects.of(user or AnonymousUser(), request.COOKIES)),
        "work_links": _links(WORK, request) if is_signed_in else [],
        "library_links": _links(LIBRARY, request) if is_signed_in else [],
        "foot_links": _links(foot, request) if is_signed_in else [],
    }


def _links(entries: tuple[Entry, ...], request: HttpRequest) -> list[Link]:
    found = ((entry, _address(entry.route)) for entry in entries)
    return [Link(entry.label, entry.icon, url, _is_current(entry, url, request)) for entry, url in found if url]


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:  # an application that is not mounted has no entry
        return ""


def _is_current(entry: Entry, url: str, request: HttpRequest) -> bool:
    if entry.is_exact:
        return request.path == url
    return request.path.startswith(url) or request.path_info.startswith(entry.also)
