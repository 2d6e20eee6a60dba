"""Addresses that pages share: the way back after an action, a query with one part changed."""

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, default: str) -> HttpResponseRedirect:
    """Return the way back to the page that a form stood on, when that is on this site, else to the default."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(came_from if is_ours else default)


def query_with(request: HttpRequest, **changes: object) -> str:
    """Return the query of the request with some parts changed, None taking one out; it starts with `?`."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"
