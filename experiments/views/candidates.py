"""Adding a candidate, its prompt shown with an item while it is written, and taking one out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from evalsite.addresses import back
from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment
from experiments.pages.candidate_new import CandidateNewPage, preview_in
from experiments.pages.head import ExperimentHead
from experiments.pages.prompt_editor import PromptEditor
from experiments.permissions import require
from runs.actions import add_and_start, take_out


@require_http_methods(["GET", "HEAD", "POST"])
def candidate_new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a copy of a row to be changed, or add it and start its run; 422 for what does not fit."""
    head = ExperimentHead.build(uid, request.user, "Board")
    require(request.user, head.experiment.project, "edit_experiment")
    page = CandidateNewPage.build(request, head.experiment)
    declaration = page.declaration() if request.method == "POST" else None
    if declaration is not None:
        try:
            candidate, _ = add_and_start(experiment=head.experiment, declaration=declaration, by=request.user)
            messages.success(request, f"Started: {candidate}. The other runs are as they were.")
            return redirect("experiments:experiment-board", uid=uid)
        except ActionRefused as refusal:
            page = page.refused(refusal)
    context = {"head": head, "page": page}
    return render(request, "experiments/candidate_new.html", context, status=422 if page.is_wrong else 200)


@require_POST
def prompt_preview(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the prompt of a form as the chosen item would get it, as a fragment."""
    visible = Experiment.objects.visible_to(request.user).select_related("dataset_version__dataset")
    experiment = get_object_or_404(visible, uid=uid)
    item = preview_in(experiment, PromptEditor.typed(request.POST), request.POST.get("item", ""))
    return render(request, "experiments/_prompt_preview.html", {"item": item})


@require_POST
def candidate_remove(request: HttpRequest, uid: UUID, candidate: UUID) -> HttpResponse:
    """Take a candidate out of its experiment, and lead back; what forbids it is said there."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    chosen = get_object_or_404(experiment.candidates.listed().select_related("experiment__project"), uid=candidate)
    try:
        take_out(candidate=chosen, by=request.user)
        messages.success(request, f"{chosen} is taken out, its runs are kept: the same configuration brings it back.")
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
    return back(request, f"/experiments/{experiment.uid}/settings/")
