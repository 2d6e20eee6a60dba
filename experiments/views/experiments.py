"""The pages about experiments: the list, starting, the runs."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from experiments.actions import ActionRefused
from experiments.models import Experiment
from experiments.pages.experiment_list import ExperimentListPage
from experiments.pages.head import ExperimentHead
from experiments.wording import counted
from runs.actions import start_experiment
from runs.models import Run
from scoring.boards.run_lines import RunLine, with_lines


@require_safe
def experiment_list(request: HttpRequest) -> HttpResponse:
    """Show the experiments of the person's projects; 422 for a filter that is not valid."""
    page = ExperimentListPage.build(request, request.user)
    return render(
        request, "experiments/experiment_list.html", {"page": page}, status=422 if page.filter.errors else 200
    )


@require_safe
def experiment_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Lead to the first tab."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    return redirect("experiments:experiment-board", uid=experiment.uid)


@require_safe
def experiment_runs(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show all runs of an experiment, newest first."""
    head = ExperimentHead.build(uid, request.user, "Runs")
    runs = with_lines(Run.objects.visible_to(request.user).filter(experiment=head.experiment)).order_by("-pk")[:500]
    lines = [RunLine.of(run) for run in runs]
    return render(request, "experiments/experiment_runs.html", {"head": head, "lines": lines})


@require_POST
def experiment_start(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Start what is missing, and lead back; what does not fit is said on the page."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    try:
        started = start_experiment(experiment=experiment, by=request.user)
        messages.success(request, f"Started: {counted(len(started.runs), 'candidate')}.")
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:experiment-board", uid=experiment.uid)
