"""The pages about the kinds of scorers."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from experiments.pages.scorer_kinds import ScorerKindPage, kind_rows
from scoring.judging.kinds import ScorerKind


@require_safe
def scorer_kind_list(request: HttpRequest) -> HttpResponse:
    """Show every kind of scorer with what it looks at and where it is used."""
    return render(request, "experiments/scorer_kind_list.html", {"rows": kind_rows(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def scorer_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Show one kind, and what it says of the answer that was typed; to htmx the verdict alone. Nothing is stored."""
    found = ScorerKind.of(kind)
    if found is None or (request.method == "POST" and not found.is_tried):
        raise Http404
    page = ScorerKindPage.build(found, request)
    if page.tried and request.headers.get("HX-Request"):
        return render(request, "experiments/_scorer_try.html", {"tried": page.tried})
    status = 422 if page.tried and page.tried.problem else 200
    return render(request, "experiments/scorer_kind.html", {"page": page}, status=status)
