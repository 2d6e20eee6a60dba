"""The site's own doors: sign-in and sign-out, the theme, the icon, and what is shown when something is wrong."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import DisallowedHost, DisallowedRedirect, RequestDataTooBig, TooManyFieldsSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.views import defaults
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evalsite.addresses import is_ours
from evalsite.api.problems import plain_problem
from evalsite.context import THEME_COOKIE, THEMES, theme_of
from evalsite.typed import typed_in
from experiments.models import SignInLink

API = "/api/"
YEAR_S = 365 * 24 * 3600
FRAMED = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
"""What is told in the frame of the site to whoever is signed in."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
NOT_ALLOWED = "Your role does not allow this. An owner of the project can change that."
NOT_FOUND = "It was deleted, the address is wrong, or it belongs to a project that you are not a member of."
REFUSED = "The request cannot be taken: its Host header, or its size, is not one that this site answers."
TOO_LARGE = (
    "It is larger than a form may be. Nothing was changed, and what you typed is still there when you go back: "
    "send long texts and items as files."
)
TOO_LONG = "The address that this leads to is too long for a browser. Leave out what you narrowed the page by."
UNREADABLE = "A part of it cannot be read, or was changed on its way. Go back, load the page anew and try again."
BROKEN = "Nothing that was stored is lost, and runs go on. Try again; the log of the web process says why."


def _next_url(request: HttpRequest, default: str) -> str:
    """Return where the person wanted to go, when that is on this site, else the default's address."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_ours(request, wanted) else resolve_url(default)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or sign the person in and lead on; 422 for a wrong name or password."""
    is_sent = request.method == "POST"
    credentials = AuthenticationForm(request, data=request.POST if is_sent else None)
    credentials.fields["username"].label = "Name"
    if is_sent and credentials.is_valid():
        auth.login(request, credentials.get_user())
        return redirect(_next_url(request, settings.LOGIN_REDIRECT_URL))
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    context = {"credentials": credentials, "next_url": wanted}
    return render(request, "sign_in.html", context, status=422 if is_sent else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show whom a link signs in; its button uses the link up. 410 for one that is used, too old or unknown."""
    if request.method != "POST":
        person = SignInLink.peek(token)
        return render(request, "sign_in_link.html", {"person": person}, status=200 if person else 410)
    user = SignInLink.use(token)
    if user is None:
        return render(request, "sign_in_link.html", {"person": None}, status=410)
    auth.login(request, user, backend=BACKEND)
    return redirect(settings.LOGIN_REDIRECT_URL)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and lead to the page that says so, or to the one that asked for somebody else."""
    auth.logout(request)
    return redirect(_next_url(request, "signed-out"))


@login_not_required
@require_safe
def signed_out(request: HttpRequest) -> HttpResponse:
    """Show that the session has ended."""
    return render(request, "signed_out.html")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember the theme in a cookie and lead back; an unknown one changes nothing."""
    response = redirect(_next_url(request, "/"))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=True
        )
    return response


@login_not_required
@require_safe
@cache_control(max_age=24 * 3600, public=True)
def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every view has it
    """Lead browsers that ask for the old address to the site's mark."""
    return redirect(static("img/mark.svg"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses: a strange host, too many fields, an endless address."""
    if request.path.startswith(API):
        return plain_problem(400, REFUSED)
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        return _problem(request, 400, TOO_LARGE)
    if isinstance(exception, DisallowedHost):
        return defaults.bad_request(request, exception)
    return _problem(request, 400, TOO_LONG if isinstance(exception, DisallowedRedirect) else UNREADABLE)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a PermissionDenied with its sentence."""
    return _problem(request, 403, str(exception) or NOT_ALLOWED)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """Answer for what does not exist or may not be seen: the two look alike."""
    return _problem(request, 404, NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer for an error of ours, without touching the database."""
    return _problem(request, 500, BROKEN)


def _problem(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """Return a page, for htmx the sentence alone: it is put into the page's message area; by API a problem document."""
    if request.path.startswith(API):
        return plain_problem(status, sentence)
    if request.headers.get("HX-Request"):
        text: str = render_to_string("components/_message.html", {"kind": "error", "text": sentence})
    else:
        text = _problem_page(request, status, _shown_on_a_problem(request, status, sentence))
    return HttpResponse(text, status=status)


def _problem_page(request: HttpRequest, status: int, shown: dict[str, object]) -> str:
    """Return the page; with the sidebar for whoever is signed in, as long as the database answers."""
    name = f"{status}.html"
    if shown["is_framed"]:
        with suppress(DatabaseError):
            return render_to_string(name, {**shown, "frame": "framed.html"}, request)
    return render_to_string(name, {**shown, "frame": "bare.html"})


def _shown_on_a_problem(request: HttpRequest, status: int, sentence: str) -> dict[str, object]:
    """Return what a page about a problem shows; only 404 and 403 ask the database who that is."""
    is_known = status in FRAMED and _is_signed_in(request)
    return {
        "sentence": sentence,
        "theme": theme_of(request),
        "typed": typed_in(request),
        "is_framed": is_known,
        "can_search": is_known and status == HTTPStatus.NOT_FOUND,
    }


def _is_signed_in(request: HttpRequest) -> bool:
    """Return whether the person is known; nobody is while the database does not answer."""
    try:
        return bool(getattr(getattr(request, "user", None), "is_authenticated", False))
    except DatabaseError:
        return False
