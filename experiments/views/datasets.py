"""The pages about datasets."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from evalsite.downloads import download
from experiments.exporting import KINDS, file_name, version_lines, version_numbered
from experiments.models import Dataset
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


@require_safe
def dataset_export(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """Send a version's items as a file: `version` names one, else the newest; `format` is jsonl or csv."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user).listed(), uid=uid)
    version = version_numbered(dataset, request.GET.get("version", ""))
    kind = request.GET.get("format", KINDS[0])
    if version is None or kind not in KINDS:
        raise Http404
    is_for_spreadsheets = request.GET.get("for") == "spreadsheets"
    lines = version_lines(version, kind, is_for_spreadsheets=is_for_spreadsheets)
    return download(request, lines, name=file_name(version, kind), kind=kind)
