"""The Board of an experiment: progress, leaderboard, baseline."""

from collections.abc import Callable, Hashable
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url

from evalsite.addresses import back, query_with
from evalsite.shared_parts import shared_part
from experiments.actions import ActionRefused, set_baseline, set_weights
from experiments.models import Experiment
from experiments.models.table_views import TableView
from experiments.pages.board_charts import ChartsPart
from experiments.pages.head import ExperimentHead
from experiments.pages.leaderboard import LeaderboardPart
from experiments.pages.progress import ProgressPart
from experiments.pages.row_menu import RowMenu
from experiments.pages.weights import WeightsForm
from experiments.permissions import permitted, require
from runs.live.activity import with_status
from runs.live.streams import Topic, last_seen
from runs.models import Run
from scoring.changing.reweighing import stand_anew


@require_safe
def experiment_board(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far the runs are, and the leaderboard."""
    head = ExperimentHead.build(uid, request.user, "Board")
    progress = ProgressPart.build(head.experiment, head.allowed)
    weights = WeightsForm.build(head.experiment, request.GET)
    board = LeaderboardPart.build(head.experiment, head.allowed, weights.tried, request)
    context = {"head": head, "progress": progress, "board": board, "weights": weights}
    return render(request, "experiments/experiment_board.html", context)


@require_safe
def experiment_progress(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show how far the runs are, as a fragment; a live page has its status replaced as well."""
    experiment, allowed = _seen(request, uid)
    is_live = bool(request.headers.get("HX-Request"))

    def read() -> dict[str, object]:
        now = get_object_or_404(with_status(Experiment.objects.select_related("project")), pk=experiment.pk)
        status = {"status": now.status} if is_live else {}
        return {"progress": ProgressPart.build(now, allowed), **status}

    return _shared(request, "experiments/_experiment_progress.html", experiment, (allowed, is_live), read)


@require_safe
def experiment_leaderboard(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the leaderboard, as a fragment; weights in the query are tried, and the charts and the address follow."""
    experiment, allowed = _seen(request, uid)
    is_trying = request.headers.get("HX-Trigger") == "experiment-weights"

    def read() -> dict[str, object]:
        now = get_object_or_404(_with_version(), pk=experiment.pk)
        weights = WeightsForm.build(now, request.GET)
        board = LeaderboardPart.build(now, allowed, weights.tried, request)
        return {"board": board, "problem": weights.problem, "is_trying": is_trying}

    choice = TableView.of(cast("User", request.user), "board").choice
    key = (allowed, is_trying, request.GET.urlencode(), choice)
    answer = _shared(request, "experiments/_experiment_leaderboard.html", experiment, key, read)
    if is_trying:
        address = reverse("experiments:experiment-board", args=[experiment.uid])
        return replace_url(answer, address + _with_ordering(request, WeightsForm.build(experiment, request.GET).query))
    return answer


@require_safe
def experiment_charts(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the charts of the board, as a fragment; weights in the query are tried."""
    experiment, _ = _seen(request, uid)

    def read() -> dict[str, object]:
        now = get_object_or_404(_with_version(), pk=experiment.pk)
        weights = WeightsForm.build(now, request.GET)
        return {"part": ChartsPart.build(now, weights.tried, query_with(request) if request.GET else "")}

    return _shared(request, "experiments/_experiment_charts.html", experiment, (request.GET.urlencode(),), read)


def _seen(request: HttpRequest, uid: UUID) -> tuple[Experiment, frozenset[str]]:
    """Return an experiment that this person may see, and what they may do there. Raises Http404."""
    visible = Experiment.objects.visible_to(request.user).select_related("project")
    experiment = get_object_or_404(visible.annotate(taken_out_at=Max("candidates__removed_at")), uid=uid)
    return experiment, permitted(request.user, experiment.project)


def _shared(
    request: HttpRequest,
    template: str,
    experiment: Experiment,
    key: tuple[Hashable, ...],
    read: Callable[[], dict[str, object]],
) -> HttpResponse:
    """Answer with a part of the board. Streams see its runs; what else changes it at once stands in the key."""
    measured = (experiment.baseline_id, experiment.name, experiment.taken_out_at)  # type: ignore[attr-defined]
    seen = last_seen(Topic(experiment=experiment.pk))
    return shared_part(request, template, (experiment.pk, *measured, *key), read, seen=seen)


def _with_version() -> QuerySet[Experiment]:
    related = Experiment.objects.select_related("project", "dataset_version__dataset")
    return related.prefetch_related("scorers")


@require_safe
def row_menu(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what may be done with a row of the board: in its menu for htmx, as a page by its link."""
    visible = Run.objects.visible_to(request.user)
    run = get_object_or_404(visible.select_related("experiment__project", "candidate"), uid=uid)
    require(request.user, run.experiment.project, "edit_experiment")
    name = "_row_menu" if request.headers.get("HX-Request") else "row_menu"
    return render(request, f"experiments/{name}.html", {"menu": RowMenu.build(run)})


def _with_ordering(request: HttpRequest, query: str) -> str:
    """Return the query that tries weights, with the order of the rows where the request names one."""
    kept = QueryDict(query.removeprefix("?"), mutable=True)
    if ordering := request.GET.get("ordering"):
        kept["ordering"] = ordering
    return f"?{kept.urlencode()}" if kept else ""


@require_POST
def experiment_weights(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save weights that were tried, and lead back to the board."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user).select_related("project"), uid=uid)
    weights = WeightsForm.build(experiment, request.POST)
    try:
        if weights.tried is None:
            raise ActionRefused("weights", weights.problem or "nothing was changed")
        set_weights(experiment=experiment, weights=weights.tried, by=request.user)
        stand_anew(experiment)
        messages.success(request, "Saved: every board ranks by these weights now.")
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:experiment-board", uid=experiment.uid)


@require_POST
def experiment_baseline(request: HttpRequest, uid: UUID, candidate: UUID) -> HttpResponse:
    """Make a candidate the baseline, and lead back."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    chosen = get_object_or_404(experiment.candidates, uid=candidate)
    try:
        set_baseline(experiment=experiment, candidate=chosen, by=request.user)
        messages.success(request, f"{chosen} is the baseline now: every difference is one to it.")
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return back(request, f"/experiments/{experiment.uid}/board/")
