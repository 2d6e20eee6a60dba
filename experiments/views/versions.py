"""The versions of a dataset: frozen, compared, brought back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from experiments.actions import ActionConflict, ActionRefused, freeze_dataset, restore_version
from experiments.models import DataImport, Dataset
from experiments.pages.versions import VersionDiffPage


@require_safe
def version_diff(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what differs between two versions, or a version and the draft."""
    page = VersionDiffPage.build(uid, request)
    return render(request, "experiments/version_diff.html", {"page": page, "head": page.head})


@require_POST
def dataset_freeze(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Freeze the draft as the next version, and lead to the versions."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).listed(), uid=uid)
    newest = dataset.versions.first()
    try:
        version = freeze_dataset(dataset=dataset, by=request.user, note=request.POST.get("note", ""))
        is_new = newest is None or newest.pk != version.pk
        messages.success(request, f"{version} is frozen." if is_new else f"The draft is {version}: nothing to freeze.")
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:dataset-versions", uid=uid)


@require_POST
def version_restore(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Make the items of an earlier version the next one, and lead to the versions."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).listed(), uid=uid)
    version = get_object_or_404(dataset.versions.select_related("dataset__project"), number=number)
    try:
        restored = restore_version(version=version, by=request.user)
        if isinstance(restored, DataImport):
            return redirect("experiments:import-detail", uid=restored.uid)
        messages.success(request, f"{restored} holds what version {number} held.")
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:dataset-versions", uid=uid)
