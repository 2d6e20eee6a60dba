"""The pages about experiments and providers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evalsite.addresses import back
from experiments.actions import ActionRefused, create_provider, edit_provider, set_baseline
from experiments.forms import ProviderForm, TestForm
from experiments.models import Experiment, Provider
from experiments.pages.board import LeaderboardPart, ProgressPart
from experiments.pages.experiment_list import ExperimentListPage
from experiments.pages.head import ExperimentHead
from experiments.pages.providers import ProviderListPage, can_add_provider, known_models
from experiments.permissions import may, require
from runs.actions import start_experiment
from runs.actions.testing import test_provider
from runs.models import Run
from scoring.run_lines import RunLine, with_lines


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
        messages.success(request, f"Started: {len(started.runs)} candidates.")
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
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return back(request, f"/experiments/{experiment.uid}/board/")


@require_safe
def provider_list(request: HttpRequest) -> HttpResponse:
    """Show the providers of the person's projects."""
    return render(request, "experiments/provider_list.html", {"page": ProviderListPage.build(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def provider_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new provider, or make it; 422 for what does not fit."""
    form = ProviderForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            project = form.cleaned_data["project"]
            provider = create_provider(project=project, by=request.user, **form.values())
            return redirect("experiments:provider-detail", uid=provider.uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    context = {"provider_form": form, "can_edit": can_add_provider(request.user)}
    return render(request, "experiments/provider_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def provider_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a provider with its form and its test, or change it; 422 for what does not fit."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    form = ProviderForm(request.user, request.POST if request.method == "POST" else None, instance=provider)
    if request.method == "POST" and form.is_valid():
        try:
            edit_provider(provider=provider, by=request.user, changes=form.values())
            messages.success(request, "Saved; limits and prices are in force at once.")
            return redirect("experiments:provider-detail", uid=provider.uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    context = {
        "provider": provider,
        "provider_form": form,
        "models": known_models(provider),
        "can_edit": may(request.user, provider.project, "edit_provider"),
    }
    return render(request, "experiments/provider_form.html", context, status=422 if form.errors else 200)


@require_POST
def provider_test(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make one real call and show what came back."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user).select_related("project"), uid=uid)
    require(request.user, provider.project, "test_provider")
    form = TestForm(request.POST)
    model = form.cleaned_data["model"] if form.is_valid() else ""
    answer = test_provider(provider=provider, model=model, by=request.user)
    template = (
        "experiments/_provider_test.html" if request.headers.get("HX-Request") else "experiments/provider_test.html"
    )
    return render(request, template, {"provider": provider, "answer": answer})
