"""The pages about projects."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from experiments.pages.projects import ProjectListPage
from experiments.pages.settings import settings_tabs


@require_safe
def project_list(request: HttpRequest) -> HttpResponse:
    """Show the person's projects."""
    context = {"page": ProjectListPage.build(request.user), "tabs": settings_tabs("Projects")}
    return render(request, "settings/project_list.html", context)
