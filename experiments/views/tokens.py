"""The page of access tokens."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experiments.actions import ActionConflict, ActionRefused, issue_token, revoke_token
from experiments.forms import TokenForm
from experiments.models import AccessToken
from experiments.pages.confirmations import Confirmation
from experiments.pages.settings import TokenListPage


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """Show the tokens, or make one and show its text this once; 422 for what does not fit."""
    form, text = TokenForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, text = issue_token(by=cast("User", request.user), **form.values())
            form = TokenForm()
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    page = TokenListPage.build(request.user)
    context = {"page": page, "tabs": page.tabs, "token_form": form, "text": text}
    return render(request, "settings/token_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def token_revoke(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask whether a token is to be made useless, or do it and lead back."""
    token = get_object_or_404(AccessToken.objects.visible_to(request.user).select_related("user"), uid=uid)
    if request.method != "POST":
        ask = Confirmation.of_revoking_token(token, request.user)
        return render(request, "settings/confirm.html", {"ask": ask})
    try:
        revoke_token(token=token, by=request.user)
        messages.success(request, f"{token} is revoked: whoever uses it is turned away from now on.")
    except ActionConflict as conflict:
        messages.warning(request, str(conflict))
    return redirect("experiments:token-list")
