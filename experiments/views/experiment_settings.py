"""The settings of an experiment: its scorers, what is measured, its name, its end."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from experiments.actions import ActionConflict, ActionRefused
from experiments.actions.editing import edit_experiment
from experiments.models import Experiment
from experiments.pages.endings import Ending, Refused
from experiments.pages.head import ExperimentHead
from experiments.pages.plan import PlanForm
from experiments.pages.scorers import ScorersPart
from experiments.pages.seen import OVERTAKEN, is_overtaken, mark_of
from runs.actions import redeclare, start_experiment
from scoring.changing.reweighing import stand_anew
from scoring.deleting import delete_experiment


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_settings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what the experiment is judged by, or change its name and description; 422 for what does not fit."""
    head = ExperimentHead.build(uid, request.user, "Settings")
    typed = _named(head.experiment)
    if request.method != "POST":
        return _shown(request, head, PlanForm.of(head.experiment), typed)
    saved, typed = typed, {name: request.POST.get(name, "").replace("\r\n", "\n") for name in typed}
    if is_overtaken(request.POST, saved):
        return _shown(request, head, PlanForm.of(head.experiment), typed, problem=OVERTAKEN)
    try:
        edit_experiment(experiment=head.experiment, by=request.user, changes=typed)
    except ActionRefused as refusal:
        return _shown(request, head, PlanForm.of(head.experiment), typed, problem=str(refusal))
    messages.success(request, "The experiment is saved.")
    return redirect("experiments:experiment-settings", uid=uid)


@require_POST
def experiment_plan(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Change what is measured and what is required, and start what is missing where that is asked; 422 else."""
    head = ExperimentHead.build(uid, request.user, "Settings")
    plan = PlanForm.typed(head.experiment, request.POST)
    if is_overtaken(request.POST, *_planned(head.experiment)):
        return _shown(request, head, replace(plan, problem=OVERTAKEN), _named(head.experiment))
    try:
        if redeclare(experiment=head.experiment, changes=plan.changes(), by=request.user):
            stand_anew(Experiment.objects.get(pk=head.experiment.pk))
    except (ActionRefused, ActionConflict) as refusal:
        refused = replace(plan, problem=str(refusal), wrong=getattr(refusal, "field", ""))
        return _shown(request, head, refused, _named(head.experiment))
    messages.success(request, "What is measured is saved.")
    if "start" not in request.POST:
        return redirect("experiments:experiment-settings", uid=uid)
    return _started(request, head.experiment)


@require_POST
def experiment_delete(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Delete an experiment, whose name was typed where it has results, and lead to the others; 422 for another name."""
    head = ExperimentHead.build(uid, request.user, "Settings")
    name = request.POST.get("name", "")
    try:
        is_gone = delete_experiment(experiment=head.experiment, typed_name=name, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, f"Nothing is deleted: {conflict}")
        return redirect("experiments:experiment-settings", uid=uid)
    except ActionRefused as refusal:
        refused = Refused(name, f"Nothing is deleted: {refusal}")
        return _shown(request, head, PlanForm.of(head.experiment), _named(head.experiment), refused=refused)
    words = "is deleted" if is_gone else "is archived now, and deleted by the workers"
    messages.success(request, f"{head.experiment} {words}.")
    return redirect("experiments:experiment-list")


def _started(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Start what is missing, and lead to the board; what does not fit is said there."""
    try:
        start_experiment(experiment=Experiment.objects.get(pk=experiment.pk), by=request.user)
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:experiment-board", uid=experiment.uid)


def _named(experiment: Experiment) -> dict[str, str]:
    return {"name": experiment.name, "description": experiment.description}


def _planned(experiment: Experiment) -> tuple[object, object]:
    """Return what the form of the plan shows as it is saved."""
    plan = PlanForm.of(experiment)
    return plan.texts, plan.requirements


def _shown(
    request: HttpRequest,
    head: ExperimentHead,
    plan: PlanForm,
    typed: Mapping[str, str],
    problem: str = "",
    refused: Refused | None = None,
) -> HttpResponse:
    """Return the page, 422 where something on it does not fit."""
    context = {
        "head": head,
        "part": ScorersPart.build(head.experiment),
        "candidates": head.experiment.candidates.listed().select_related("provider", "prompt_version__prompt"),
        "ending": Ending.of_experiment(head.experiment, request.user),
        "refused": refused,
        "plan": plan,
        "typed": typed,
        "problem": problem,
        "seen": {"name": mark_of(_named(head.experiment)), "plan": mark_of(*_planned(head.experiment))},
    }
    status = 422 if problem or plan.problem or refused else 200
    return render(request, "experiments/experiment_settings.html", context, status=status)
