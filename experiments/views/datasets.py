"""The pages about datasets."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from experiments.pages.datasets import DatasetHead, DatasetItemsPage, DatasetListPage


@require_safe
def dataset_list(request: HttpRequest) -> HttpResponse:
    """Show the datasets of the person's projects."""
    return render(request, "experiments/dataset_list.html", {"page": DatasetListPage.build(request)})


@require_safe
def dataset_items(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show items of the draft."""
    page = DatasetItemsPage.build(uid, request)
    return render(request, "experiments/dataset_items.html", {"page": page, "head": page.head})


@require_safe
def dataset_versions(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the newest frozen versions."""
    head = DatasetHead.build(uid, request.user, "Versions")
    versions = head.dataset.versions.select_related("frozen_by")[:500]
    return render(request, "experiments/dataset_versions.html", {"head": head, "versions": versions})
