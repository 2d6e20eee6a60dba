"""New experiment: a draft on the server from the first field on, tried and started from the same page."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import ActionConflict, ActionRefused, StaleEdit
from experiments.actions.drafts import clone_experiment, create_draft, discard_draft, save_draft
from experiments.files.draft_form import document_of
from experiments.files.experiment_file import FileProblems
from experiments.models import Experiment, ExperimentDraft
from experiments.pages.confirmations import Confirmation
from experiments.pages.draft_tried import DraftTried
from experiments.pages.drafts import (
    DraftPage,
    DraftState,
    NewExperimentPage,
    TriedScorer,
    address_of_draft,
    preview_in,
    project_of,
    typed_fields,
    typed_scorers,
)
from experiments.permissions import require
from experiments.views.gone_drafts import kept_when_gone
from runs.actions.drafting import start_draft, try_draft

REFUSALS = (ActionRefused, FileProblems)
OVER_THEIRS = "Save, or typing on, puts yours over it."
GONE = "This draft was started or discarded meanwhile. What you typed is still here: Save makes a new draft of it."


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_new(request: HttpRequest) -> HttpResponse:
    """Show the open drafts and the ways to begin, or begin one; 422 for a document that is too large."""
    page = NewExperimentPage.build(request)
    if request.method != "POST":
        return render(request, "experiments/experiment_new.html", {"page": page})
    project, document = project_of(request, page), request.POST.get("document", "").replace("\r\n", "\n")
    if project is None:
        raise Http404("There is no such project in which you may make experiments.")
    try:
        fields = {"version": version} if (version := request.POST.get("version", "")) else {}
        draft = create_draft(project=project, by=request.user, fields=fields, document=document, files=_sent(request))
    except ActionRefused as refusal:
        page = NewExperimentPage.build(request, str(refusal), document)
        return render(request, "experiments/experiment_new.html", {"page": page}, status=422)
    return redirect(address_of_draft(draft))


@require_http_methods(["GET", "HEAD", "POST"])
@kept_when_gone
def draft_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show a draft, or save it and show it again with empty rows for more."""
    draft = _draft(request, uid)
    if request.method == "POST":
        try:
            _save(request, draft)
            return redirect(address_of_draft(draft))
        except (StaleEdit, ActionRefused) as refusal:
            return _refused(request, draft, refusal)
    return _page(request, draft)


@require_POST
def draft_save(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save what was typed so far and show what the draft comes to, as a fragment; 412 where somebody else has saved."""
    try:
        draft = _draft(request, uid)
    except Http404:
        context = {"state": DraftState(ExperimentDraft(uid=uid)), "refusal": GONE}
        return render(request, "experiments/_draft_state.html", context, status=412)
    try:
        _save(request, draft)
    except (StaleEdit, ActionRefused) as refusal:
        context = {"state": DraftState(draft), "refusal": str(refusal), "is_stale": isinstance(refusal, StaleEdit)}
        status = 412 if isinstance(refusal, StaleEdit) else 422
        return render(request, "experiments/_draft_state.html", context, status=status)
    item = preview_in(draft, request.POST.get("item", ""))
    context = {"state": DraftState.build(draft), "item": None if draft.is_document else item}
    return render(request, "experiments/_draft_state.html", context)


@require_POST
@kept_when_gone
def draft_try(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save, run the first 3 items for each candidate, and show their answers as they come."""
    draft = _draft(request, uid)
    try:
        _save(request, draft)
        try_draft(draft=draft, by=request.user)
    except (StaleEdit, *REFUSALS) as refusal:
        return _refused(request, draft, refusal)
    return redirect(f"{address_of_draft(draft)}#draft-tried")


@require_safe
def draft_tried(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what was tried, as a fragment."""
    return render(request, "experiments/_draft_tried.html", {"tried": DraftTried.build(_draft(request, uid))})


@require_POST
def draft_scorer(request: HttpRequest, uid: UUID, number: int) -> HttpResponse:
    """Show what one scorer of the form says of an answer, as a fragment; nothing is stored."""
    draft = _draft(request, uid)
    require(request.user, draft.project, "edit_experiment")
    draft.fields = {**typed_fields(request.POST), "scorers": typed_scorers(request.POST)}
    answer = request.POST.get("answer", "").replace("\r\n", "\n")
    tried = TriedScorer.build(draft, number, answer, request.POST.get("item", ""))
    return render(request, "experiments/_scorer_try.html", {"tried": tried})


@require_POST
@kept_when_gone
def draft_start(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save, make the experiment, start it, and lead to its board."""
    draft = _draft(request, uid)
    try:
        _save(request, draft)
        experiment = start_draft(draft=draft, by=request.user)
    except (StaleEdit, *REFUSALS) as refusal:
        return _refused(request, draft, refusal)
    return redirect("experiments:experiment-board", uid=experiment.uid)


@require_http_methods(["GET", "HEAD", "POST"])
def draft_discard(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask whether a draft is to be discarded, or do it and lead to the others."""
    draft = _draft(request, uid)
    if request.method != "POST":
        return render(request, "settings/confirm.html", {"ask": Confirmation.of_discarding(draft)})
    discard_draft(draft=draft, by=request.user)
    messages.success(request, f"{draft} is discarded.")
    return redirect("experiments:experiment-new")


@require_POST
@kept_when_gone
def draft_document(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Save, and let the draft be the document that its fields declare."""
    draft = _draft(request, uid)
    try:
        _save(request, draft)
        document, files = document_of(draft.fields)
        save_draft(draft=draft, revision=draft.revision, by=request.user, document=document, files=files)
    except (StaleEdit, ActionRefused) as refusal:
        return _refused(request, draft, refusal)
    return redirect(address_of_draft(draft))


@require_POST
def experiment_clone(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Make a draft of what an experiment declares, under another name, and lead to it."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user).select_related("project"), uid=uid)
    try:
        draft = clone_experiment(experiment=experiment, by=request.user)
    except ActionConflict as conflict:
        messages.error(request, str(conflict))
        return redirect("experiments:experiment-settings", uid=uid)
    return redirect(address_of_draft(draft))


def _draft(request: HttpRequest, uid: UUID) -> ExperimentDraft:
    visible = ExperimentDraft.objects.visible_to(request.user).select_related("project", "tried", "saved_by")
    draft: ExperimentDraft = get_object_or_404(visible, uid=uid)
    return draft


def _save(request: HttpRequest, draft: ExperimentDraft) -> None:
    """Save what the form holds over the revision that it names. Raises StaleEdit or ActionRefused.

    What was typed is in the draft from then on, stored or not: the page that shows a refusal shows it too.
    """
    document = request.POST.get("document", "").replace("\r\n", "\n")
    fields = {} if document else typed_fields(request.POST)
    number = request.POST.get("revision", "")
    revision = int(number) if number.isdecimal() and len(number) < 10 else 0
    try:
        save_draft(
            draft=draft,
            revision=revision,
            by=request.user,
            window=request.POST.get("window", ""),
            fields=fields,
            document=document,
            files=_sent(request),
        )
    except (StaleEdit, ActionRefused):
        draft.fields, draft.document, draft.revision = fields, document, revision
        raise


def _sent(request: HttpRequest) -> dict[str, bytes]:
    return {str(file.name): file.read() for file in request.FILES.getlist("files")}


def _refused(request: HttpRequest, draft: ExperimentDraft, refusal: Exception) -> HttpResponse:
    """Show the draft as it was typed, and why it was not taken: 412 where somebody else has saved, else 422."""
    is_stale = isinstance(refusal, StaleEdit)
    messages.error(request, f"{refusal} {OVER_THEIRS}" if is_stale else str(refusal))
    return _page(request, draft, status=412 if is_stale else 422)


def _page(request: HttpRequest, draft: ExperimentDraft, status: int = 200) -> HttpResponse:
    context = {"page": DraftPage.build(draft, request.user), "tried": DraftTried.build(draft)}
    return render(request, "experiments/draft_detail.html", context, status=status)
