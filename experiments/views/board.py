"""The Board of an experiment: progress, leaderboard, baseline."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST, require_safe

from evalsite.addresses import back
from experiments.actions import ActionRefused, set_baseline
from experiments.models import Experiment
from experiments.pages.board import LeaderboardPart, ProgressPart
from experiments.pages.head import ExperimentHead


@require_safe
def experiment_board(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far the runs are, and the leaderboard."""
    head = ExperimentHead.build(uid, request.user, "Board")
    progress = ProgressPart.build(head.experiment, request.user)
    board = LeaderboardPart.build(head.experiment, request.user)
    return render(request, "experiments/experiment_board.html", {"head": head, "progress": progress, "board": board})


@require_safe
def experiment_progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far the runs are, as a fragment."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user).select_related("project"), uid=uid)
    progress = ProgressPart.build(experiment, request.user)
    return render(request, "experiments/_experiment_progress.html", {"progress": progress})


@require_safe
def experiment_leaderboard(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the leaderboard, as a fragment."""
    visible = Experiment.objects.visible_to(request.user).select_related("project", "dataset_version__dataset")
    board = LeaderboardPart.build(get_object_or_404(visible, uid=uid), request.user)
    return render(request, "experiments/_experiment_leaderboard.html", {"board": board})


@require_POST
def experiment_baseline(request: HttpRequest, uid: UUID, candidate: UUID) -> HttpResponse:
    """Make a candidate the baseline, and lead back."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    chosen = get_object_or_404(experiment.candidates, uid=candidate)
    try:
        set_baseline(experiment=experiment, candidate=chosen, by=request.user)
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return back(request, f"/experiments/{experiment.uid}/board/")
