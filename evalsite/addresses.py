"""Addresses that pages share: the way back after an action, a query with one part changed."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import MAX_URL_REDIRECT_LENGTH, url_has_allowed_host_and_scheme


def back(request: HttpRequest, default: str) -> HttpResponseRedirect:
    """Return the way back to the page that a form stood on, when that is on this site, else to the default.

    A form that was shown again under the address that it is sent to stands on no page.
    """
    came_from = request.headers.get("Referer", "")
    is_page = is_ours(request, came_from) and urlsplit(came_from).path != request.path
    return HttpResponseRedirect(came_from if is_page else default)


def named_back(request: HttpRequest, default: str) -> str:
    """Return the address that `back` in the form or the query names, when that is on this site, else the default."""
    named = request.POST.get("back") or request.GET.get("back", "")
    return named if is_ours(request, named) else default


def is_ours(request: HttpRequest, address: str) -> bool:
    """Return whether an address is on this site, and not too long to be led to."""
    is_here = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return is_here and len(address) <= MAX_URL_REDIRECT_LENGTH


def query_with(request: HttpRequest, **changes: object) -> str:
    """Return the query of the request with some parts changed, None taking one out; it starts with `?`."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"
