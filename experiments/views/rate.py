"""Rating the answers of an experiment one after the other, without seeing whose they are."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experiments.actions import ActionConflict, ActionRefused, declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.forms import PersonScorerForm
from experiments.identifiers import uid_from
from experiments.models import Experiment
from experiments.pages.head import ExperimentHead
from experiments.pages.rate import RatePage, value_field
from scoring.models import Showing
from scoring.rating.export import ratings_csv
from scoring.rating.rateable import Rateable
from scoring.rating.showings import LONGEST_COMMENT, rate_shown, show_skipped_again, skip_shown, undo_last

SEEN, MOST_DIGITS = "revision-", 10
PAGE, FRAGMENT = "experiments/experiment_rate.html", "experiments/_experiment_rating.html"


@require_http_methods(["GET", "HEAD", "POST"])
def experiment_rate(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show the next answer, or do what its buttons say and then show it; 422 where a value is missing."""
    head = ExperimentHead.build(uid, request.user, "Rate")
    problems: dict[str, str] = {}
    if request.method == "POST":
        try:
            _done_by(request)(request, head.experiment)
        except ActionConflict as conflict:
            messages.warning(request, f"{conflict}{_kept(request.POST.get('comment', ''))}")
        except ActionRefused as refusal:
            problems = {refusal.field: str(refusal)}
        if not problems and not request.headers.get("HX-Request"):
            return HttpResponseRedirect(request.get_full_path())
    page = RatePage.build(head.experiment, request, problems)
    context = {"head": head, "page": page, "scorer_form": PersonScorerForm()}
    template = FRAGMENT if request.headers.get("HX-Request") else PAGE
    return render(request, template, context, status=422 if problems else 200)


@require_safe
def experiment_ratings(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Return all ratings of the experiment as a CSV file, one a line with the person who gave it."""
    experiment = get_object_or_404(Experiment.objects.visible_to(request.user), uid=uid)
    answer = HttpResponse(ratings_csv(experiment), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, f"{experiment.name} ratings.csv")
    return answer


@require_POST
def experiment_rate_scorer(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Add the scorer that people give, and lead on to the first answer; 422 for what does not fit."""
    head = ExperimentHead.build(uid, request.user, "Rate")
    form = PersonScorerForm(request.POST)
    if form.is_valid():
        try:
            position = head.experiment.scorers.count()
            declaration = ScorerDeclaration(form.cleaned_data["name"], "person", options=form.options())
            declare_scorer(experiment=head.experiment, declaration=declaration, by=request.user, position=position)
            return redirect("experiments:experiment-rate", uid=uid)
        except ActionRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    page = RatePage.build(head.experiment, request)
    return render(request, PAGE, {"head": head, "page": page, "scorer_form": form}, status=422)


def _save(request: HttpRequest, experiment: Experiment) -> None:
    scorers = Rateable.of(experiment).scorers
    values = {spec.name: _number(request.POST.get(value_field(spec), "")) for spec in scorers}
    given: dict[str, Any] = {
        "values": values,
        "comment": request.POST.get("comment", ""),
        "revisions": _revisions(request),
    }
    rate_shown(showing=_showing(request, experiment), by=request.user, **given)


def _revisions(request: HttpRequest) -> dict[str, int]:
    """Return the revisions of the scorers as the page showed them, by their names."""
    sent = {name.removeprefix(SEEN): request.POST.get(name, "") for name in request.POST if name.startswith(SEEN)}
    return {name: int(text) for name, text in sent.items() if text.isdecimal() and len(text) < MOST_DIGITS}


def _kept(comment: str) -> str:
    """Return the sentence that keeps what was written about an answer which is before the person no more."""
    return f' You had written: "{comment.strip()[:LONGEST_COMMENT]}"' if comment.strip() else ""


def _skip(request: HttpRequest, experiment: Experiment) -> None:
    skip_shown(showing=_showing(request, experiment), by=request.user)


def _undo(request: HttpRequest, experiment: Experiment) -> None:
    undo_last(experiment=experiment, by=request.user)


def _again(request: HttpRequest, experiment: Experiment) -> None:
    show_skipped_again(experiment=experiment, by=request.user)


DEEDS: dict[str, Callable[[HttpRequest, Experiment], None]] = {
    "save": _save,
    "skip": _skip,
    "undo": _undo,
    "again": _again,
}


def _done_by(request: HttpRequest) -> Callable[[HttpRequest, Experiment], None]:
    """Return what the pressed button does; the Enter key saves."""
    return DEEDS.get(request.POST.get("do", "save"), _save)


def _showing(request: HttpRequest, experiment: Experiment) -> Showing:
    """Return the showing that the form was about. Raises Http404 for one of somebody else."""
    uid = uid_from(request.POST.get("showing", ""))
    if uid is None:
        raise Http404
    return get_object_or_404(Showing, uid=uid, experiment=experiment, person=request.user)


def _number(text: str) -> float | str | None:
    """Return a number as it was chosen; None: nothing was; what is no number stays text, for the action to refuse."""
    try:
        return float(text) if text else None
    except ValueError:
        return text
