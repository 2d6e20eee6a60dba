"""Drafts that somebody started or discarded while another person wrote in them: what was typed is kept."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from experiments.actions import ActionRefused
from experiments.actions.drafts import create_draft
from experiments.identifiers import uid_from
from experiments.models import ExperimentDraft, Project
from experiments.pages.drafts import address_of_draft, typed_fields
from experiments.permissions import may

DraftView = Callable[[HttpRequest, UUID], HttpResponse]


def kept_when_gone(view: DraftView) -> DraftView:
    """Return a view that makes a new draft of what is sent to one that is gone, and leads there."""

    @wraps(view)
    def answer(request: HttpRequest, uid: UUID) -> HttpResponse:
        try:
            return view(request, uid)
        except Http404:
            draft = _made_of(request) if request.method == "POST" else None
            if draft is None:
                raise
            messages.warning(
                request, "The draft was started or discarded meanwhile: this is a new one of what you typed."
            )
            return redirect(address_of_draft(draft))

    return answer


def _made_of(request: HttpRequest) -> ExperimentDraft | None:
    """Return a draft of what was typed; None: the form names no project in which this person may make one."""
    uid = uid_from(request.POST.get("project", ""))
    project = Project.objects.visible_to(request.user).filter(uid=uid).first() if uid else None
    if project is None or not may(request.user, project, "edit_experiment"):
        return None
    document = request.POST.get("document", "").replace("\r\n", "\n")
    files = {str(file.name): file.read() for file in request.FILES.getlist("files")}
    fields = {} if document else typed_fields(request.POST)
    try:
        return create_draft(project=project, by=request.user, fields=fields, document=document, files=files)
    except ActionRefused:
        return None
