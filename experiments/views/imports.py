"""Importing a file on the page: upload, what its columns mean, progress, and what it came to."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import ActionConflict, ActionRefused, cancel_import, start_import, upload_file
from experiments.forms import UploadForm
from experiments.models import Dataset, ImportStatus
from experiments.pages.imports import MappingPage, import_context, import_of
from experiments.permissions import require

MENDABLE = (ImportStatus.UPLOADED, ImportStatus.FAILED)


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_import(request: HttpRequest, uid: UUID | None = None) -> HttpResponse:
    """Show the form for a file, or keep the file and lead on to its columns; 422 for what does not fit."""
    visible = Dataset.objects.visible_to(request.user).listed().select_related("project")
    dataset = get_object_or_404(visible, uid=uid) if uid else None
    if dataset is not None:
        require(request.user, dataset.project, "edit_dataset")
    is_sent = request.method == "POST"
    sent = (request.POST, request.FILES) if is_sent else (None, None)
    form = UploadForm(request.user, request.COOKIES, dataset, *sent)
    if is_sent and form.is_valid():
        try:
            made = upload_file(by=request.user, **form.values())
            return redirect("experiments:import-detail", uid=made.uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    context = {"dataset": dataset, "upload_form": form}
    return render(request, "experiments/dataset_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def import_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far an import is, or start it as the form says; 422 for what does not fit."""
    data_import = import_of(uid, request.user)
    context = import_context(data_import, request.user)
    if data_import.is_copy or data_import.status not in MENDABLE:
        return render(request, "experiments/import_detail.html", context)
    page = MappingPage.build(data_import, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            start_import(data_import=data_import, by=request.user, options=page.options)
            return redirect("experiments:import-detail", uid=uid)
        except ActionConflict as conflict:
            messages.error(request, str(conflict))
            return redirect("experiments:import-detail", uid=uid)
        except ActionRefused as refusal:
            page = MappingPage.build(data_import, request.POST, str(refusal))
    status = 422 if page.problem else 200
    return render(request, "experiments/import_detail.html", {**context, "page": page}, status=status)


@require_POST
def import_preview(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what the first rows come to under the meanings in the form, as a fragment."""
    page = MappingPage.build(import_of(uid, request.user), request.POST)
    return render(request, "experiments/_import_preview.html", {"page": page})


@require_safe
def import_progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far an import is, as a fragment; once it is over, have the page loaded anew."""
    data_import = import_of(uid, request.user)
    context = import_context(data_import, request.user)
    response = render(request, "experiments/_import_progress.html", context)
    if not context["is_running"] and not context["is_being_cancelled"]:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def import_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Stop an import and lead back to it."""
    try:
        cancel_import(data_import=import_of(uid, request.user), by=request.user)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
    return redirect("experiments:import-detail", uid=uid)
