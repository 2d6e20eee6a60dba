"""The pages about projects: the list, choosing one, its settings, archiving and deleting it."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    archive_project,
    create_project,
    rename_project,
    set_monthly_budget,
    unarchive_project,
)
from experiments.chosen_projects import PROJECT_COOKIE
from experiments.forms import ProjectForm
from experiments.identifiers import uid_from
from experiments.models import Project
from experiments.pages.members import ProjectHead
from experiments.pages.projects import ProjectListPage, ProjectSettingsPage
from experiments.pages.settings import settings_tabs
from scoring.deleting import delete_project

YEAR_S = 365 * 24 * 3600


@require_http_methods(["GET", "HEAD", "POST"])
def project_list(request: HttpRequest) -> HttpResponse:
    """Show the person's projects, or make one and lead on to its members; 422 for a name that does not fit."""
    form = ProjectForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(name=form.cleaned_data["name"], by=cast("User", request.user))
            return _chosen(redirect("experiments:member-list", uid=project.uid), project)
        except ActionRefused as refusal:
            form.add_error("name", str(refusal))
    context = {
        "page": ProjectListPage.build(request.user),
        "tabs": settings_tabs("Projects"),
        "project_form": form,
    }
    return render(request, "settings/project_list.html", context, status=422 if form.errors else 200)


@require_POST
def project_choose(request: HttpRequest) -> HttpResponse:
    """Remember whose objects the lists show, one project's or all, and lead to the start."""
    uid = uid_from(request.POST.get("project", ""))
    project = get_object_or_404(Project.objects.visible_to(request.user), uid=uid) if uid else None
    return _chosen(redirect("home"), project)


@require_http_methods(["GET", "HEAD", "POST"])
def project_settings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the settings of a project, or change its name and budget; 422 for what does not fit."""
    head = ProjectHead.build(uid, request.user, "Settings")
    budget = head.project.monthly_budget_usd
    budget_text = "" if budget is None else f"{budget.normalize():f}"
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        initial={
            "name": head.project.name,
            "monthly_budget_usd": budget_text,
        },
        has_budget=True,
    )
    if request.method == "POST" and form.is_valid():
        try:
            _change(request, head.project, form)
            return redirect("experiments:project-settings", uid=uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else "monthly_budget_usd", str(refusal))
    return _settings_page(request, head, form, status=422 if form.errors else 200)


@require_POST
def project_archive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hide a project from the lists, and lead back."""
    return _switched(request, uid, archive_project, "Archived: its addresses go on working, the lists leave it out.")


@require_POST
def project_unarchive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a project in the lists again, and lead back."""
    return _switched(request, uid, unarchive_project, "The project is in the lists again.")


@require_POST
def project_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete a project whose name was typed, and lead to the others; 409 or 422 with what stands against it."""
    head = ProjectHead.build(uid, request.user, "Settings")
    form, typed = ProjectForm(initial={"name": head.project.name}, has_budget=True), request.POST.get("name", "")
    try:
        is_gone = delete_project(project=head.project, typed_name=typed, by=request.user)
    except (ActionRefused, ActionConflict) as refusal:
        status = 422 if isinstance(refusal, ActionRefused) else 409
        return _settings_page(request, head, form, status=status, problem=str(refusal), typed=typed)
    words = "is deleted" if is_gone else "is hidden now, and deleted by the workers"
    messages.success(request, f"{head.project} {words}.")
    return redirect("experiments:project-list")


def _settings_page(
    request: HttpRequest, head: ProjectHead, form: ProjectForm, *, status: int, problem: str = "", typed: str = ""
) -> HttpResponse:
    page = ProjectSettingsPage.build(head.project, request.user)
    context = {"head": head, "tabs": head.tabs, "page": page, "project_form": form, "problem": problem, "typed": typed}
    return render(request, "settings/project_settings.html", context, status=status)


@transaction.atomic
def _change(request: HttpRequest, project: Project, form: ProjectForm) -> None:
    set_monthly_budget(project=project, usd=form.cleaned_data["monthly_budget_usd"], by=request.user)
    rename_project(project=project, name=form.cleaned_data["name"], by=request.user)
    messages.success(request, "Saved.")


def _switched(request: HttpRequest, uid: UUID, act: Callable[..., None], sentence: str) -> HttpResponse:
    project = get_object_or_404(Project.objects.visible_to(request.user), uid=uid)
    act(project=project, by=request.user)
    messages.success(request, sentence)
    return redirect("experiments:project-settings", uid=uid)


def _chosen(answer: HttpResponse, project: Project | None) -> HttpResponse:
    """Return the answer with the choice in a cookie."""
    secure = settings.SESSION_COOKIE_SECURE
    value = str(project.uid) if project else ""
    answer.set_cookie(PROJECT_COOKIE, value, max_age=YEAR_S, samesite="Lax", secure=secure, httponly=True)
    return answer
