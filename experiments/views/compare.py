"""Comparing two candidates of an experiment."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from experiments.pages.compare import ComparePage
from experiments.pages.head import ExperimentHead


@require_safe
def experiment_compare(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show two candidates on the same items."""
    head = ExperimentHead.build(uid, request.user, "Compare")
    page = ComparePage.build(head.experiment, request)
    return render(request, "experiments/experiment_compare.html", {"head": head, "page": page})
