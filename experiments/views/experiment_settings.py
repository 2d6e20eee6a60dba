"""The settings of an experiment: its scorers, its name, its end."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from experiments.actions import ActionRefused
from experiments.actions.editing import edit_experiment
from experiments.pages.endings import Ending
from experiments.pages.head import ExperimentHead
from experiments.pages.scorers import ScorersPart


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_settings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what the experiment is judged by, or change its name and description; 422 for what does not fit."""
    head = ExperimentHead.build(uid, request.user, "Settings")
    typed = {"name": head.experiment.name, "description": head.experiment.description}
    problem = ""
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").replace("\r\n", "\n") for name in typed}
        try:
            edit_experiment(experiment=head.experiment, by=request.user, changes=typed)
            messages.success(request, "The experiment is saved.")
            return redirect("experiments:experiment-settings", uid=uid)
        except ActionRefused as refusal:
            problem = str(refusal)
    context = {
        "head": head,
        "part": ScorersPart.build(head.experiment),
        "ending": Ending.of_experiment(head.experiment, request.user),
        "typed": typed,
        "problem": problem,
    }
    return render(request, "experiments/experiment_settings.html", context, status=422 if problem else 200)
