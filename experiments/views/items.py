"""The items of a dataset's draft: written, removed, restored."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from evalsite.addresses import named_back
from experiments.actions import (
    ActionConflict,
    ActionRefused,
    StaleEdit,
    add_item,
    edit_item,
    remove_item,
    revert_item,
)
from experiments.pages.datasets import DatasetHead
from experiments.pages.items import ItemPage, TypedItem, moment, row_or_404
from experiments.permissions import require


@require_http_methods(["GET", "HEAD", "POST"])
def item_new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show an empty form, or add the item; 422 for what does not fit."""
    head = DatasetHead.build(uid, request.user, "Items")
    require(request.user, head.dataset.project, "edit_dataset")
    page = ItemPage.build(None)
    if request.method == "POST":
        typed = TypedItem.posted(request.POST)
        try:
            item = add_item(dataset=head.dataset, content=typed.content(), by=request.user)
            messages.success(request, f"{item.key} is added to the draft.")
            return redirect(_back(request, head))
        except ActionRefused as refusal:
            page = page.refused(typed, refusal)
        except ActionConflict as conflict:
            page = page.refused(typed, ActionRefused("", str(conflict)))
    return _form(request, head, page)


@require_http_methods(["GET", "HEAD", "POST"])
def item_detail(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Show an item, or change it as its editor saw it; 422 for what does not fit or was changed by somebody else."""
    head = DatasetHead.build(uid, request.user, "Items")
    item = row_or_404(head.dataset, number)
    page = ItemPage.build(item)
    if request.method == "POST":
        require(request.user, head.dataset.project, "edit_dataset")
        typed = TypedItem.posted(request.POST)
        seen_at = moment(request.POST.get("seen_at", ""))
        try:
            edited = edit_item(item=item, seen_at=seen_at, changes=typed.content(), by=request.user)
            messages.success(request, f"{edited.key} is saved in the draft.")
            return redirect(_back(request, head))
        except StaleEdit:
            page = page.overtaken(typed)
        except ActionRefused as refusal:
            page = page.refused(typed, refusal)
        except ActionConflict as conflict:
            page = page.refused(typed, ActionRefused("", str(conflict)))
    return _form(request, head, page)


@require_POST
def item_remove(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Take an item out of the draft, as its editor saw it."""
    head = DatasetHead.build(uid, request.user, "Items")
    item = row_or_404(head.dataset, number)
    try:
        remove_item(item=item, seen_at=moment(request.POST.get("seen_at", "")), by=request.user)
        messages.success(request, f"{item.key} is removed from the draft; frozen versions keep it.")
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
    return redirect(_back(request, head))


@require_POST
def item_restore(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Put a removed item back into the draft, or give one that is there what this earlier row of it held."""
    head = DatasetHead.build(uid, request.user, "Items")
    item = row_or_404(head.dataset, number)
    try:
        revert_item(row=item, by=request.user)
        messages.success(request, f"{item.key} is in the draft as it was.")
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect(_back(request, head))


def _back(request: HttpRequest, head: DatasetHead) -> str:
    """Return the list that the person came from."""
    return named_back(request, reverse("experiments:dataset-items", args=[head.dataset.uid]))


def _form(request: HttpRequest, head: DatasetHead, page: ItemPage) -> HttpResponse:
    context = {"head": head, "page": page, "history": page.history, "back": _back(request, head)}
    return render(request, "experiments/item_detail.html", context, status=422 if page.problem else 200)
