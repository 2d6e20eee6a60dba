"""What happens around every view: sign-in is required, fragments are never kept, addresses of forms lead to pages."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.urls import is_valid_path
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import MAX_URL_REDIRECT_LENGTH

SAFE = ("GET", "HEAD", "OPTIONS")
EVENT_STREAM = "text/event-stream"
API = "/api/"


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Leads strangers to the sign-in page and from there back to the page: by redirect, fragments by HX-Redirect.

    Streams end for good.
    """

    def handle_no_permission(  # type: ignore[override]  # Django's own knows redirects only
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],  # noqa: ARG002 - all sign in at one place
    ) -> HttpResponseBase:
        """Return 204 for a stream, 401 for a fragment, and a redirect for a page."""
        if EVENT_STREAM in request.headers.get("Accept", ""):
            return HttpResponse(status=204)
        is_fragment = bool(request.headers.get("HX-Request"))
        if not is_fragment and request.method in SAFE:
            return HttpResponseRedirect(_sign_in(request.get_full_path()))
        # What a form is sent to often shows nothing by itself: the page that it stood on does.
        page = urlsplit(request.headers.get("HX-Current-URL" if is_fragment else "Referer", ""))
        address = _sign_in(f"{page.path}?{page.query}" if page.query else page.path)
        if is_fragment:
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)


def _sign_in(wanted: str) -> str:
    """Return the address that signs in and leads on to where somebody wanted to go, unless that is too long."""
    query = QueryDict(mutable=True)
    query["next"] = wanted
    start = resolve_url(settings.LOGIN_URL)
    address = f"{start}?{query.urlencode(safe='/')}"
    return address if len(address) <= MAX_URL_REDIRECT_LENGTH else start


class FormAddressMiddleware(MiddlewareMixin):
    """Leads a browser that opens the address of a form, as after a refusal it stands there, to the page above it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer, or a redirect where a page was wanted and only a form may be sent."""
        is_page = request.method in SAFE and "text/html" in request.headers.get("Accept", "")
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not is_page or request.path.startswith(API):
            return response
        return HttpResponseRedirect(_page_above(request.path))


def _page_above(path: str) -> str:
    """Return the nearest address above this one that the site has."""
    parts = path.strip("/").split("/")
    above = [f"/{'/'.join(parts[:count])}/" for count in range(len(parts) - 1, 0, -1)]
    return next(filter(is_valid_path, above), "/")


class FragmentHeadersMiddleware(MiddlewareMixin):
    """Keeps a fragment from being shown as a page, by Back or by a cache: no-store, and Vary on HX-Request."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer with the headers that an answer to htmx, or one that could be, must carry."""
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("HX-Request",))
        if request.headers.get("HX-Request"):
            response["Cache-Control"] = "no-store"
        return response
