"""The outputs of an experiment: the grid of items by candidates."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from experiments.pages.head import ExperimentHead
from experiments.pages.outputs import OutputsGrid, OutputsPage


@require_safe
def experiment_outputs(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what each candidate answered to each item; with `?result=` the drawer of that one opens."""
    head = ExperimentHead.build(uid, request.user, "Outputs")
    page = OutputsPage.build(head.experiment, request)
    return render(request, "experiments/experiment_outputs.html", {"head": head, "page": page})


@require_safe
def outputs_grid(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show one page of the grid, as a fragment."""
    head = ExperimentHead.build(uid, request.user, "Outputs")
    grid = OutputsGrid.build(head.experiment, request)
    return render(request, "experiments/_outputs_grid.html", {"grid": grid})
