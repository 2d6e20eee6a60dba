"""The budget of an experiment: what was spent, what all will cost, a pilot."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments.actions import ActionRefused, set_budget
from experiments.models import Experiment
from experiments.pages.head import ExperimentHead
from experiments.permissions import may
from runs.actions import start_experiment
from runs.limits.purses import spent_of
from runs.limits.wallets import Budget, Owner
from scoring.boards.forecast import forecast_of


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_budget(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what was spent and what all will cost, or set the budget; 422 for what is no amount."""
    head = ExperimentHead.build(uid, request.user, "Budget")
    budget = head.experiment.budget_usd
    problem, typed = "", request.POST.get("budget_usd", "" if budget is None else f"{budget.normalize():f}")
    if request.method == "POST":
        try:
            set_budget(experiment=head.experiment, usd=typed, by=request.user)
            return redirect("experiments:experiment-budget", uid=uid)
        except ActionRefused as refusal:
            problem = str(refusal)
    context = {
        "head": head,
        "problem": problem,
        "typed": typed,
        "spent_usd": spent_of(Budget(Owner.EXPERIMENT, head.experiment.pk)),
        "forecasts": forecast_of(head.experiment),
        "can_edit": may(request.user, head.experiment.project, "edit_experiment"),
    }
    return render(request, "experiments/experiment_budget.html", context, status=422 if problem else 200)


@require_POST
def experiment_pilot(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Start the first five items, and lead back; what does not fit is said on the page."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    try:
        start_experiment(experiment=experiment, by=request.user, is_pilot=True)
        messages.success(request, "The pilot of 5 items is on its way; its results count.")
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:experiment-budget", uid=uid)
