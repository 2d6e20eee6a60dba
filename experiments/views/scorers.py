"""Changing the scorers of an experiment that lives: seen before it is kept, without a call."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evalsite.plugins import scorers
from experiments.actions import ActionConflict, ActionRefused, remove_scorer
from experiments.models import ScorerSpec
from experiments.pages.head import ExperimentHead
from experiments.pages.scorer_form import ScorerFields, shown_of
from experiments.pages.scorers import ProposalPart, ScorerPage, TriedPart
from experiments.pages.seen import FIELD, OVERTAKEN, is_overtaken, mark_of
from experiments.permissions import require
from scoring.changing.proposing import change_scorer, discard_proposal, go_on_judging, keep_proposal
from scoring.changing.reweighing import stand_anew
from scoring.models import ScorerProposal

FIRST_KIND = "exact_match"
CHOOSING = "choose"
"""The button that shows the options of the chosen kind; nothing is proposed by it."""


@require_http_methods(["GET", "HEAD", "POST"])
def scorer_new(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the form of a new scorer, or propose it."""
    head = _editable_head(request, uid)
    kind = _kind(request, FIRST_KIND)
    fields = _typed(request, kind) if request.method == "POST" else ScorerFields.new(kind)
    return _proposed_or_shown(request, head, None, fields)


@require_http_methods(["GET", "HEAD", "POST"])
def scorer_detail(request: HttpRequest, uid: UUID, name: str) -> HttpResponse:
    """Show one scorer with its history, or propose what was typed."""
    head = _editable_head(request, uid)
    spec = get_object_or_404(head.experiment.scorers, name=name, removed_at=None)
    kind = _kind(request, spec.kind)
    fields = _typed(request, kind, name) if request.method == "POST" else ScorerFields.of(spec, kind)
    return _proposed_or_shown(request, head, spec, fields)


def _typed(request: HttpRequest, kind: str, name: str = "") -> ScorerFields:
    if CHOOSING in request.POST:
        return ScorerFields.chosen(kind, _known(request.POST.get("kind") or kind), request.POST)
    return ScorerFields.typed(kind, request.POST, name)


def _proposed_or_shown(
    request: HttpRequest, head: ExperimentHead, spec: ScorerSpec | None, fields: ScorerFields
) -> HttpResponse:
    is_choosing = CHOOSING in request.POST
    declaration = fields.declaration() if request.method == "POST" and not is_choosing else None
    if not is_choosing and is_overtaken(request.POST, shown_of(spec)):
        fields.form.add_error(None, OVERTAKEN)
    elif declaration is not None:
        try:
            made = change_scorer(experiment=head.experiment, declaration=declaration, by=request.user)
            if isinstance(made, ScorerProposal):
                return redirect("experiments:scorer-proposal", uid=made.uid)
            messages.success(request, f"Saved: {made}. No verdict flips by that.")
            return redirect("experiments:experiment-settings", uid=head.experiment.uid)
        except ActionRefused as refusal:
            fields.refuse(refusal)
    page = ScorerPage.build(head.experiment, spec, fields)
    seen = request.POST.get(FIELD, "") if is_choosing else mark_of(shown_of(spec))
    context = {"head": head, "page": page, "seen": seen, "typed": request.POST}
    return render(request, "experiments/scorer_form.html", context, status=422 if fields.is_wrong else 200)


@require_POST
def scorer_try(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what the scorer of a form says of an answer, as a fragment; nothing is stored."""
    head = _editable_head(request, uid)
    tried = TriedPart.build(head.experiment, _kind(request, FIRST_KIND), request.POST)
    return render(request, "experiments/_scorer_try.html", {"tried": tried})


@require_POST
def scorer_remove(request: HttpRequest, uid: UUID, name: str) -> HttpResponse:
    """Take a scorer out, its scores are kept, and lead back."""
    head = _editable_head(request, uid)
    spec = get_object_or_404(head.experiment.scorers, name=name, removed_at=None)
    try:
        remove_scorer(scorer=spec, by=request.user)
        stand_anew(head.experiment)
        messages.success(request, f"Taken out: {spec}. Its scores are kept.")
    except ActionRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("experiments:experiment-settings", uid=uid)


@require_safe
def scorer_proposal(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what would flip; to htmx the part that changes while stored outputs are judged."""
    proposal = _proposal(request, uid)
    part = ProposalPart.build(proposal)
    if request.headers.get("HX-Request"):
        return render(request, "experiments/_scorer_proposal.html", {"part": part})
    head = ExperimentHead.build(proposal.scorer.experiment.uid, request.user, "Settings")
    return render(request, "experiments/scorer_proposal.html", {"head": head, "part": part})


@require_POST
def scorer_keep(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Keep a proposal and lead to the board; what stands against it is said on its page."""
    proposal = _proposal(request, uid)
    try:
        spec = keep_proposal(proposal=proposal, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
        return redirect("experiments:scorer-proposal", uid=uid)
    messages.success(request, f"Kept: {spec}. The former scores stay in its history.")
    return redirect("experiments:experiment-board", uid=spec.experiment.uid)


@require_POST
def scorer_discard(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Discard a proposal, and lead to the settings."""
    proposal = _proposal(request, uid)
    experiment = proposal.scorer.experiment
    discard_proposal(proposal=proposal, by=request.user)
    messages.success(request, "Discarded: everything is as it was.")
    return redirect("experiments:experiment-settings", uid=experiment.uid)


@require_POST
def scorer_go_on(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Judge on from where it was left, and lead back."""
    proposal = _proposal(request, uid)
    require(request.user, proposal.scorer.experiment.project, "edit_experiment")
    go_on_judging(proposal)
    return redirect("experiments:scorer-proposal", uid=uid)


def _editable_head(request: HttpRequest, uid: UUID) -> ExperimentHead:
    """Return the head of an experiment that this person may change. Raises Http404 or PermissionDenied."""
    head = ExperimentHead.build(uid, request.user, "Settings")
    require(request.user, head.experiment.project, "edit_experiment")
    return head


def _proposal(request: HttpRequest, uid: UUID) -> ScorerProposal:
    visible = ScorerProposal.objects.visible_to(request.user)
    proposal: ScorerProposal = get_object_or_404(
        visible.select_related("revision__scorer__experiment__project", "created_by"), uid=uid
    )
    return proposal


def _kind(request: HttpRequest, default: str) -> str:
    """Return the kind that the address or the form names. Raises Http404 for one that there is not."""
    chosen = request.POST.get("chosen_kind") if CHOOSING in request.POST else None
    return _known(chosen or request.POST.get("kind") or request.GET.get("kind") or default)


def _known(kind: str) -> str:
    if kind not in scorers.kinds():
        raise Http404("There is no such kind of scorer.")
    return kind
