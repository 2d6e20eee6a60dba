"""The members of a project: the list, invitations, roles, and the page that an invitation leads to."""

from collections.abc import Callable
from typing import cast
from uuid import UUID

from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    accept_invitation,
    change_role,
    invite,
    join_as_new,
    remove_member,
    revoke_invitation,
)
from experiments.actions.members import NO_LONGER
from experiments.forms import InvitationForm, JoinForm
from experiments.models import Invitation, Membership
from experiments.pages.confirmations import Confirmation
from experiments.pages.members import MemberListPage, ProjectHead
from experiments.permissions import projects_where, require

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def member_list(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the members, or make an invitation and show its link this once; 422 for what does not fit."""
    head = ProjectHead.build(uid, request.user, "Members")
    form, link = InvitationForm(request.POST if request.method == "POST" else None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _, token = invite(project=head.project, by=request.user, **form.cleaned_data)
            link = request.build_absolute_uri(reverse("experiments:invitation", args=[token]))
            form = InvitationForm()
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    page = MemberListPage.build(head.project, request.user)
    context = {"head": head, "tabs": head.tabs, "page": page, "invitation_form": form, "link": link}
    return render(request, "settings/member_list.html", context, status=422 if form.errors else 200)


@require_POST
def member_role(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Give a member another role, and lead back."""
    membership = _membership(request, uid)
    role = request.POST.get("role", "")
    return _done(
        request, membership, lambda: change_role(membership=membership, role=role, by=request.user), f"is now {role}"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_remove(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask whether a member is to be taken out, or do it and lead back."""
    membership = _membership(request, uid)
    if request.method != "POST":
        if membership.user_id != request.user.pk:
            require(request.user, membership.project, "edit_members")
        ask = Confirmation.of_removing(membership, request.user)
        return render(request, "settings/confirm.html", {"ask": ask})
    answer = _done(
        request, membership, lambda: remove_member(membership=membership, by=request.user), "is no member any more"
    )
    is_gone = membership.user_id == request.user.pk and membership.project.role_of(request.user) is None
    return redirect("home") if is_gone else answer


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask whether an invitation is to be made useless, or do it and lead back; nobody else sees that there is one."""
    mine = Invitation.objects.filter(project__in=projects_where(request.user, "edit_members"))
    invitation = get_object_or_404(mine.select_related("project"), uid=uid)
    if request.method != "POST":
        return render(request, "settings/confirm.html", {"ask": Confirmation.of_revoking_invitation(invitation)})
    try:
        revoke_invitation(invitation=invitation, by=request.user)
        messages.success(request, "The invitation is revoked: its link lets nobody in.")
    except ActionConflict as conflict:
        messages.warning(request, str(conflict))
    return redirect("experiments:member-list", uid=invitation.project.uid)


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what an invitation is to, or let the person in; 410 for one that is no longer valid."""
    found = Invitation.find(token)
    if found is None:
        return _turned_away(request, token)
    if request.method == "POST" and request.user.is_authenticated:
        return _accepted(request, found)
    form = JoinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            values = {name: form.cleaned_data[name] for name in ("username", "password")}
            auth.login(request, join_as_new(invitation=found, **values), backend=BACKEND)
            messages.success(request, f"You are {found.role} of {found.project} now.")
            return redirect("home")
        except ActionRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        except ActionConflict as conflict:
            form.add_error(None, str(conflict))
    context = {"invitation": found, "join_form": form}
    return render(request, "settings/invitation.html", context, status=422 if form.errors else 200)


def _turned_away(request: HttpRequest, token: str) -> HttpResponse:
    """Say that a link lets nobody in; whom it let in before is led to the start."""
    if request.user.is_authenticated and (used := Invitation.joined_by(token, request.user)):
        messages.info(request, f"You have joined {used.project} by this link already.")
        return redirect("home")
    return render(request, "settings/invitation.html", {"invitation": None, "sentence": NO_LONGER}, status=410)


def _accepted(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Let somebody in who has an account, and lead to the start; what stands against it is said there."""
    try:
        accept_invitation(invitation=found, by=cast("User", request.user))
        messages.success(request, f"You are {found.role} of {found.project} now.")
    except ActionConflict as conflict:
        messages.warning(request, str(conflict))
    return redirect("home")


def _membership(request: HttpRequest, uid: UUID) -> Membership:
    visible = Membership.objects.visible_to(request.user).select_related("project", "user")
    found: Membership = get_object_or_404(visible, uid=uid)
    return found


def _done(request: HttpRequest, membership: Membership, act: Callable[[], object], words: str) -> HttpResponse:
    """Do something with a member and lead back; what stands against it is said on the page."""
    try:
        act()
        messages.success(request, f"{membership.user} {words}.")
    except (ActionConflict, ActionRefused) as refusal:
        messages.warning(request, str(refusal))
    return redirect("experiments:member-list", uid=membership.project.uid)
