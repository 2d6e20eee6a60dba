"""What people did to items: the history of a dataset, bulk edits, and undoing both."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from evalsite.addresses import named_back
from experiments.actions import (
    ActionConflict,
    ActionRefused,
    cancel_bulk_edit,
    undo_bulk_edit,
    undo_edit,
)
from experiments.models import ItemEdit
from experiments.pages.datasets import DatasetHead
from experiments.pages.edits import BulkEditPage, DatasetHistoryPage, bulk_edit_of


@require_safe
def dataset_history(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show who edited what of a dataset's items."""
    page = DatasetHistoryPage.build(uid, request)
    return render(request, "experiments/dataset_history.html", {"page": page, "head": page.head})


@require_POST
def item_edit_undo(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Take one edit of an item back, and lead back to where it stood."""
    head = DatasetHead.build(uid, request.user, "History")
    edit = get_object_or_404(ItemEdit.objects.select_related("dataset__project"), dataset=head.dataset, pk=number)
    try:
        undo_edit(edit=edit, by=request.user)
        messages.success(request, f"{edit.key}: the edit is undone.")
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:dataset-history", uid=uid)


@require_safe
def bulk_edit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far a bulk edit is and what it came to."""
    page = BulkEditPage.build(uid, request.user)
    head = DatasetHead.build(page.bulk.dataset.uid, request.user, "History")
    context = {"page": page, "head": head, "back": named_back(request, "")}
    return render(request, "experiments/bulk_edit.html", context)


@require_safe
def bulk_edit_progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far a bulk edit is, as a fragment; once it is over, have the page loaded anew."""
    page = BulkEditPage.build(uid, request.user)
    response = render(request, "experiments/_bulk_edit_progress.html", {"page": page})
    if not page.is_running:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def bulk_edit_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Stop a bulk edit and lead back to it."""
    try:
        cancel_bulk_edit(bulk=bulk_edit_of(uid, request.user), by=request.user)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
    return redirect("experiments:bulk-edit", uid=uid)


@require_POST
def bulk_edit_undo(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Take a bulk edit back as one step, and lead to the undoing."""
    try:
        undo = undo_bulk_edit(bulk=bulk_edit_of(uid, request.user), by=request.user)
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect("experiments:bulk-edit", uid=uid)
    back = named_back(request, "")
    page = reverse("experiments:bulk-edit", args=[undo.uid])
    return redirect(f"{page}?{urlencode({'back': back})}" if back else page)
