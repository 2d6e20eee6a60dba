"""The pages about prompts."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import ActionRefused, create_prompt, rename_prompt, save_prompt
from experiments.chosen_projects import projects_for_new
from experiments.identifiers import uid_from
from experiments.models import Project, Prompt
from experiments.pages.endings import Ending
from experiments.pages.prompts import (
    PromptHead,
    PromptListPage,
    PromptTextPage,
    PromptVersionsPage,
    uses_of,
)
from experiments.permissions import require

COPIED_LENGTH = 190


@require_safe
def prompt_list(request: HttpRequest) -> HttpResponse:
    """Show the prompts of the person's projects."""
    return render(request, "experiments/prompt_list.html", {"page": PromptListPage.build(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new prompt, or save its first version; 422 for what does not fit."""
    projects = list(projects_for_new(request.user, "edit_prompt", request.COOKIES))
    given = request.POST if request.method == "POST" else request.GET
    project = next((one for one in projects if str(one.uid) == given.get("project")), None) or next(
        iter(projects), None
    )
    if project is None:
        raise Http404
    copied = Prompt.objects.visible_to(request.user).filter(uid=uid_from(request.GET.get("copy", ""))).first()
    copy_name = f"{copied.name[:COPIED_LENGTH]} (copy)" if copied else ""
    page, name, problem = PromptTextPage.build(request, project, copied), given.get("name", copy_name), ""
    if request.method == "POST":
        try:
            version = create_prompt(
                project=project, name=name, messages=page.editor.messages, by=request.user, note=page.note[:500]
            )
            return redirect("experiments:prompt-detail", uid=version.prompt.uid)
        except ActionRefused as refusal:
            if refusal.field == "name":
                problem = str(refusal)
            else:
                page = page.refused(str(refusal))
    context = {"page": page, "choices": projects, "project": project, "name": name, "name_problem": problem}
    status = 422 if problem or page.editor.problem else 200
    return render(request, "experiments/prompt_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the newest text, or save what was typed as the next version; 422 for what does not fit."""
    head = PromptHead.build(uid, request.user, "Text")
    page = PromptTextPage.build(request, head.prompt.project, head.prompt)
    if request.method == "POST":
        try:
            _save(request, head, page)
            return redirect("experiments:prompt-detail", uid=uid)
        except ActionRefused as refusal:
            page = page.refused(str(refusal))
    context = {"head": head, "page": page}
    return render(request, "experiments/prompt_text.html", context, status=422 if page.editor.problem else 200)


@require_POST
def prompt_text_preview(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a prompt that is being written with the chosen item, as a fragment; `uid` is that of the project."""
    project = get_object_or_404(Project.objects.visible_to(request.user), uid=uid)
    prompt = Prompt.objects.visible_to(request.user).filter(project=project, name=request.POST.get("of", "")).first()
    page = PromptTextPage.build(request, project, prompt)
    return render(request, "experiments/_prompt_preview.html", {"item": page.item})


@require_safe
def prompt_versions(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the versions and the difference of two."""
    head = PromptHead.build(uid, request.user, "Versions")
    context = {"head": head, "page": PromptVersionsPage.build(head, request)}
    return render(request, "experiments/prompt_versions.html", context)


@require_safe
def prompt_uses(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the experiments that used any version."""
    head = PromptHead.build(uid, request.user, "Experiments")
    return render(request, "experiments/prompt_uses.html", {"head": head, "uses": uses_of(head, request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def prompt_settings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show name, copy and end of a prompt, or give it another name; 422 for one that does not fit."""
    head = PromptHead.build(uid, request.user, "Settings")
    name, problem = head.prompt.name, ""
    if request.method == "POST":
        name = request.POST.get("name", "")
        try:
            rename_prompt(prompt=head.prompt, name=name, by=request.user)
            messages.success(request, "The prompt is saved.")
            return redirect("experiments:prompt-settings", uid=uid)
        except ActionRefused as refusal:
            problem = str(refusal)
    ending = Ending.of_prompt(head.prompt, request.user)
    context = {"head": head, "ending": ending, "name": name, "problem": problem}
    return render(request, "experiments/prompt_settings.html", context, status=422 if problem else 200)


def _save(request: HttpRequest, head: PromptHead, page: PromptTextPage) -> None:
    """Save a version and say which one it is. Raises ActionRefused."""
    require(request.user, head.prompt.project, "edit_prompt")
    saved = save_prompt(
        project=head.prompt.project,
        name=head.prompt.name,
        messages=page.editor.messages,
        by=request.user,
        note=page.note[:500],
    )
    is_new = saved.number > head.newest.number
    messages.success(
        request, f"Saved as version {saved.number}." if is_new else f"Version {saved.number} has this text."
    )
