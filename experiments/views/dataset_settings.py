"""The settings of a dataset: its name, what uses it, its end."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    clone_dataset,
    delete_dataset,
    edit_dataset,
    experiments_using,
)
from experiments.models import DataImport, Dataset, Item
from experiments.pages.datasets import DatasetHead
from experiments.pages.endings import Refused
from experiments.permissions import may


@require_safe
def dataset_experiments(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the experiments that measure on this dataset."""
    head = DatasetHead.build(uid, request.user, "Experiments")
    context = {"head": head, "experiments": experiments_using(head.dataset)}
    return render(request, "experiments/dataset_experiments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dataset_settings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show name and description, or change them; 422 for what does not fit."""
    head = DatasetHead.build(uid, request.user, "Settings")
    typed = _named(head.dataset)
    if request.method != "POST":
        return _shown(request, head, typed)
    typed = {name: request.POST.get(name, "") for name in typed}
    try:
        edit_dataset(dataset=head.dataset, by=request.user, changes=typed)
    except ActionRefused as refusal:
        return _shown(request, head, typed, problem=str(refusal))
    messages.success(request, "The dataset is saved.")
    return redirect("experiments:dataset-settings", uid=uid)


def _named(dataset: Dataset) -> dict[str, str]:
    return {"name": dataset.name, "description": dataset.description}


def _shown(
    request: HttpRequest,
    head: DatasetHead,
    typed: Mapping[str, str],
    problem: str = "",
    refused: Refused | None = None,
) -> HttpResponse:
    """Return the page, 422 where something on it does not fit."""
    context = {
        "head": head,
        "typed": typed,
        "problem": problem,
        "refused": refused,
        "using": experiments_using(head.dataset),
        "item_count": Item.objects.filter(dataset=head.dataset).in_draft().count(),
        "version_count": head.dataset.versions.count(),
        "can_delete": may(request.user, head.dataset.project, "delete"),
    }
    return render(request, "experiments/dataset_settings.html", context, status=422 if problem or refused else 200)


@require_POST
def dataset_archive(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Hide a dataset from the list, or show it there again; nothing is lost."""
    head = DatasetHead.build(uid, request.user, "Settings")
    is_archived = request.POST.get("archived") == "1"
    edit_dataset(dataset=head.dataset, by=request.user, changes={"is_archived": is_archived})
    messages.success(request, "The dataset is archived." if is_archived else "The dataset is in the list again.")
    return redirect("experiments:dataset-settings", uid=uid)


@require_POST
def dataset_clone(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make a dataset of another name with the newest version's items, and lead to it or to its progress."""
    head = DatasetHead.build(uid, request.user, "Settings")
    try:
        made = clone_dataset(dataset=head.dataset, by=request.user, name=request.POST.get("name"))
    except (ActionConflict, ActionRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect("experiments:dataset-settings", uid=uid)
    if isinstance(made, DataImport):
        return redirect("experiments:import-detail", uid=made.uid)
    messages.success(request, f"{made} holds what {head.newest} holds.")
    return redirect("experiments:dataset-items", uid=made.dataset.uid)


@require_POST
def dataset_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete a dataset whose name was typed, with its items and versions; 422 for another name."""
    head = DatasetHead.build(uid, request.user, "Settings")
    name = request.POST.get("name", "")
    try:
        delete_dataset(dataset=head.dataset, typed_name=name, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, f"Nothing is deleted: {conflict}")
        return redirect("experiments:dataset-settings", uid=uid)
    except ActionRefused as refusal:
        refused = Refused(name, f"Nothing is deleted: {refusal}")
        return _shown(request, head, _named(head.dataset), refused=refused)
    messages.success(request, f"{head.dataset.name} is deleted.")
    return redirect("experiments:dataset-list")
