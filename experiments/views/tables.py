"""Choosing the columns and the density of a table."""

from typing import cast

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from evalsite.addresses import back
from evalsite.tables import TABLES, remember


@require_POST
def table_view(request: HttpRequest, table: str) -> HttpResponse:
    """Remember the columns and the density that were chosen, and lead back to the table."""
    if table not in TABLES:
        raise Http404
    every, shown = request.POST.getlist("every"), request.POST.getlist("column")
    density = request.POST.get("density", "")
    remember(cast("User", request.user), table, every=every, shown=shown, density=density)
    return back(request, "/")
