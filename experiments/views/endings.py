"""Archiving experiments, prompts and providers, and deleting the last two."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from experiments.actions import ActionConflict, archive, delete_prompt, delete_provider, unarchive
from experiments.actions.archiving import Archivable
from experiments.models import Experiment, Prompt, Provider


@require_POST
def experiment_archive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hide an experiment from lists and choices, or show it there again, and lead back."""
    return _archived(request, _visible(request, Experiment, uid), "experiments:experiment-settings")


@require_POST
def prompt_archive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hide a prompt from lists and choices, or show it there again, and lead back."""
    return _archived(request, _visible(request, Prompt, uid), "experiments:prompt-settings")


@require_POST
def provider_archive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hide a provider from lists and choices, or show it there again, and lead back."""
    return _archived(request, _visible(request, Provider, uid), "experiments:provider-detail")


@require_POST
def prompt_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete a prompt that nothing uses, and lead to the others."""
    prompt = _visible(request, Prompt, uid)
    try:
        delete_prompt(prompt=prompt, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, f"Nothing is deleted: {conflict}")
        return redirect("experiments:prompt-settings", uid=uid)
    messages.success(request, f"{prompt} is deleted.")
    return redirect("experiments:prompt-list")


@require_POST
def provider_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete a provider that nothing uses, and lead to the others."""
    provider = _visible(request, Provider, uid)
    try:
        delete_provider(provider=provider, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, f"Nothing is deleted: {conflict}")
        return redirect("experiments:provider-detail", uid=uid)
    messages.success(request, f"{provider} is deleted.")
    return redirect("experiments:provider-list")


def _visible(request: HttpRequest, kind: type[Archivable], uid: UUID) -> Any:
    visible = kind.objects.visible_to(request.user).select_related("project")
    return get_object_or_404(visible, uid=uid)


def _archived(request: HttpRequest, thing: Archivable, back: str) -> HttpResponse:
    is_archived = request.POST.get("archived") == "1"
    (archive if is_archived else unarchive)(thing=thing, by=request.user)
    messages.success(request, f"{thing} is archived." if is_archived else f"{thing} is in the lists again.")
    return redirect(back, uid=thing.uid)
