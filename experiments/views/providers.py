"""The pages about providers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    create_provider,
    edit_provider,
    pause_provider,
    resume_provider,
)
from experiments.credentials import has_stored_key, key_state
from experiments.forms import ProviderForm, TestForm
from experiments.identifiers import uid_from
from experiments.models import Provider
from experiments.pages.endings import Ending
from experiments.pages.providers import (
    ProviderListPage,
    can_add_provider,
    kind_label,
    kinds_shown,
    known_models,
    limits_context,
    runs_that_wait,
    values_for_copy,
)
from experiments.pages.seen import OVERTAKEN, is_overtaken, mark_of
from experiments.permissions import require
from runs.actions.testing import test_provider


@require_safe
def provider_list(request: HttpRequest) -> HttpResponse:
    """Show the providers of the person's projects."""
    return render(request, "experiments/provider_list.html", {"page": ProviderListPage.build(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def provider_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new provider, or make it; 422 for what does not fit."""
    data = request.POST if request.method == "POST" else None
    form = ProviderForm(request.user, request.COOKIES, data, initial=_copied(request))
    if request.method == "POST" and form.is_valid():
        try:
            project = form.cleaned_data["project"]
            provider = create_provider(project=project, by=request.user, **form.values())
            messages.success(request, f"{provider.name} is connected. Test it: one real call shows whether it answers.")
            return redirect("experiments:provider-detail", uid=provider.uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    form.ask_for_key_again()
    context = {"provider_form": form, "can_edit": can_add_provider(request.user), "kinds": kinds_shown()}
    return render(request, "experiments/provider_form.html", context, status=422 if form.errors else 200)


def _copied(request: HttpRequest) -> dict[str, Any]:
    """Return the values of the provider that the address names as the one to begin from; {}: none."""
    uid = uid_from(request.GET.get("copy", ""))
    return values_for_copy(Provider.objects.visible_to(request.user).filter(uid=uid).first()) if uid else {}


@require_http_methods(["GET", "HEAD", "POST"])
def provider_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a provider with its form and its test, or change it; 422 for what does not fit."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    data = request.POST if request.method == "POST" else None
    if data is not None:
        require(request.user, provider.project, "edit_provider")
    form = ProviderForm(request.user, request.COOKIES, data, instance=provider)
    saved = dict(form.initial)
    if is_overtaken(request.POST, saved):
        form.add_error(None, OVERTAKEN)
    if request.method == "POST" and form.is_valid():
        had_key = has_stored_key(provider)
        try:
            edited = edit_provider(provider=provider, by=request.user, changes=form.values())
            messages.success(request, "Saved; limits and prices are in force at once.")
            if had_key and "api_key" not in form.values() and not has_stored_key(edited):
                messages.warning(request, "The stored key was removed with what it was typed for: type it again.")
            return redirect("experiments:provider-detail", uid=provider.uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    form.ask_for_key_again()
    context = {
        "provider_form": form,
        "seen": mark_of(saved),
        "kinds": kinds_shown(),
        "models": known_models([provider]),
        "key": key_state(provider),
        "waiting": runs_that_wait(provider),
        "ending": Ending.of_provider(provider, request.user),
        "kind_label": kind_label(provider.kind),
        **limits_context(provider, request.user),
    }
    return render(request, "experiments/provider_form.html", context, status=422 if form.errors else 200)


@require_safe
def provider_limits(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how a provider's limits are used at this moment, as a fragment."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    return render(request, "experiments/_provider_limits.html", limits_context(provider, request.user))


@require_POST
def provider_pause(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let no new call begin, and lead back."""
    return _switch(request, uid, pause_provider)


@require_POST
def provider_resume(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let calls begin again, and lead back."""
    return _switch(request, uid, resume_provider)


def _switch(request: HttpRequest, uid: UUID, act: Callable[..., None]) -> HttpResponse:
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    try:
        act(provider=provider, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
    return redirect("experiments:provider-detail", uid=provider.uid)


@require_POST
def provider_test(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make one real call and show what came back."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    require(request.user, provider.project, "test_provider")
    form = TestForm(request.POST)
    model = form.cleaned_data["model"] if form.is_valid() else ""
    answer = test_provider(provider=provider, model=model, by=request.user)
    template = (
        "experiments/_provider_test.html" if request.headers.get("HX-Request") else "experiments/provider_test.html"
    )
    return render(request, template, {"provider": provider, "answer": answer})
