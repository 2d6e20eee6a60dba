"""The outputs of an experiment: the grid of items by candidates."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from evalsite.downloads import download
from evalsite.live_parts import live_answer, live_part_of
from experiments.models import Experiment
from experiments.pages.head import ExperimentHead
from experiments.pages.outputs import OutputsGrid, OutputsPage
from scoring.grid.export import output_csv, output_jsonl
from scoring.grid.queries import Asked


@require_safe
def experiment_outputs(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what each candidate answered to each item; with `?result=` the drawer of that one opens."""
    head = ExperimentHead.build(uid, request.user, "Outputs")
    page = OutputsPage.build(head.experiment, request)
    return render(request, "experiments/experiment_outputs.html", {"head": head, "page": page})


@require_safe
def outputs_grid(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show one page of the grid, as a fragment."""
    grid = OutputsGrid.build(_visible(request, uid), request)
    return live_answer(request, live_part_of("experiments/_outputs_grid.html", {"grid": grid}))


@require_safe
def outputs_export(request: HttpRequest, uid: UUID) -> StreamingHttpResponse:
    """Give every result of what the grid shows as a file: CSV for spreadsheets, or JSON Lines with `?format=jsonl`."""
    experiment = _visible(request, uid)
    asked = Asked.of(experiment, request.GET)
    if request.GET.get("format") == "jsonl":
        return download(request, output_jsonl(asked), name=f"{experiment.name}-outputs.jsonl", kind="jsonl")
    lines = output_csv(asked, is_for_spreadsheets=True)
    return download(request, lines, name=f"{experiment.name}-outputs.csv", kind="csv")


def _visible(request: HttpRequest, uid: UUID) -> Experiment:
    """Return an experiment that this person may see. Raises Http404."""
    visible = Experiment.objects.visible_to(request.user).select_related("project", "dataset_version__dataset")
    experiment: Experiment = get_object_or_404(visible.prefetch_related("scorers"), uid=uid)
    return experiment
