"""The pages about runs and results, and the streams that keep pages live."""

from collections.abc import Callable
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from evalsite.addresses import back
from evalsite.shared_parts import shared_part
from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment, Project
from experiments.permissions import permitted
from runs.actions import cancel_run, pause_run, resume_run, retry_failed, run_again
from runs.forms import RatingForm
from runs.live.streams import Topic, last_seen, stream_of
from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.pages.again import AgainPart
from runs.pages.result import ResultPage
from runs.pages.run_detail import ResultsPart, RunDetailPage, RunSummary, visible_run
from runs.pages.run_list import RunListPage
from runs.pages.transcript import medium_of
from scoring.actions import delete_own_rating, rate_result, rate_run

MOST_RESULTS = 1 << 32


@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """Show the runs of the person's projects; 422 for a filter that is not valid."""
    page = RunListPage.build(request, request.user)
    return render(request, "runs/run_list.html", {"page": page}, status=422 if page.filter.errors else 200)


@require_safe
def run_detail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show one run with its results; with `?result=` the drawer of that one is open."""
    run = visible_run(uid, request.user)
    context: dict[str, object] = {"page": RunDetailPage.build(run, request, request.user)}
    wanted = request.GET.get("result", "")
    if wanted.isdecimal() and len(wanted) <= 10:
        context["drawer_template"] = "runs/_result_drawer.html"
        context["one"] = ResultPage.build(run, _checked(int(wanted)), request, request.user)
    return render(request, "runs/run_detail.html", context)


@require_safe
def run_summary(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show what a run came to so far, as a fragment."""
    run = visible_run(uid, request.user)
    allowed = permitted(request.user, run.experiment.project)

    def read() -> dict[str, object]:
        return {"summary": RunSummary.build(visible_run(uid, request.user), allowed)}

    return shared_part(request, "runs/_run_summary.html", (run.pk, allowed), read, seen=last_seen(Topic(run=run.pk)))


@require_safe
def run_results(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Show one page of the results, as a fragment."""
    run = visible_run(uid, request.user)

    def read() -> dict[str, object]:
        return {"results": ResultsPart.build(visible_run(uid, request.user), request)}

    key = (run.pk, request.GET.urlencode())
    return shared_part(request, "runs/_run_results.html", key, read, seen=last_seen(Topic(run=run.pk)))


@require_safe
def result_detail(request: HttpRequest, uid: UUID, ordinal: int) -> HttpResponse:
    """Show one result: in the drawer for htmx, as a page by its link."""
    run = visible_run(uid, request.user)
    one = ResultPage.build(run, _checked(ordinal), request, request.user)
    return render(request, _result_template(request), {"one": one})


@require_safe
def result_rendered(request: HttpRequest, uid: UUID, ordinal: int) -> HttpResponse:
    """Show an output as the Markdown that it may be, sanitized: a fragment for htmx, a page by its link."""
    run = visible_run(uid, request.user)
    one = ResultPage.build(run, _checked(ordinal), request, request.user)
    name = "_result_rendered" if request.headers.get("HX-Request") else "result_rendered"
    return render(request, f"runs/{name}.html", {"run": run, "ordinal": ordinal, "output": one.output})


@require_safe
def result_medium(request: HttpRequest, uid: UUID, ordinal: int, number: int) -> HttpResponse:
    """Give an image, audio or file of the transcript, by its number."""
    run = visible_run(uid, request.user)
    result = get_object_or_404(Result.objects.select_related("transcript"), pk=result_id_of(run.pk, _checked(ordinal)))
    found = medium_of(result, number) if number < MOST_RESULTS else None
    if found is None:
        raise Http404("The transcript has no such medium.")
    media_type, data = found
    return HttpResponse(data, content_type=media_type, headers={"Cache-Control": "private, max-age=3600"})


@require_safe
def result_again(request: HttpRequest, uid: UUID, ordinal: int) -> HttpResponse:
    """Show what asking once more has come to, as a fragment."""
    run, result = _result_of(request, uid, ordinal)
    return render(request, "runs/_result_again.html", {"again": AgainPart.build(run, result, request.user)})


@require_POST
def result_run_again(request: HttpRequest, uid: UUID, ordinal: int) -> HttpResponse:
    """Ask once more what one result answered; it stays, and the new answer is shown beside it."""
    run, result = _result_of(request, uid, ordinal)
    run_again(run=run, result=result, by=request.user)
    if not request.headers.get("HX-Request"):
        return back(request, reverse("runs:result-detail", args=[run.uid, ordinal]))
    return render(request, "runs/_result_again.html", {"again": AgainPart.build(run, result, request.user)})


def _result_of(request: HttpRequest, uid: UUID, ordinal: int) -> tuple[Run, Result]:
    """Return a result that this person may see, with its run. Raises Http404."""
    run = visible_run(uid, request.user)
    results = Result.objects.select_related("item")
    return run, get_object_or_404(results, pk=result_id_of(run.pk, _checked(ordinal)))


@require_POST
def result_rate(request: HttpRequest, uid: UUID, ordinal: int) -> HttpResponse:
    """Store the person's value of one result and show it anew; 422 with the reason for what does not fit."""
    run = visible_run(uid, request.user)
    result = get_object_or_404(Result, pk=result_id_of(run.pk, _checked(ordinal)))
    problem = _rated(request, run, result)
    if not problem and not request.headers.get("HX-Request"):
        return back(request, reverse("runs:result-detail", args=[run.uid, ordinal]))
    one = ResultPage.build(run, ordinal, request, request.user)
    context = {"one": one, "problem": problem, "typed": request.POST}
    return render(request, _result_template(request), context, status=422 if problem else 200)


@require_POST
def run_rate(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Store the person's value of a run as a whole and lead back; 422 with the reason for what does not fit."""
    run = visible_run(uid, request.user)
    problem = _rated(request, run)
    if not problem:
        return back(request, reverse("runs:run-detail", args=[run.uid]))
    context = {"page": RunDetailPage.build(run, request, request.user), "problem": problem, "typed": request.POST}
    return render(request, "runs/run_detail.html", context, status=422)


def _rated(request: HttpRequest, run: Run, result: Result | None = None) -> str:
    """Store what the form says of a result, else of the run, or take it back; return what stands against it."""
    if request.POST.get("do") == "delete":
        delete_own_rating(run=run, result=result, scorer_name=request.POST.get("scorer_name", ""), by=request.user)
        return ""
    form = RatingForm(request.POST)
    if not form.is_valid():
        return "Write a number."
    try:
        if result is None:
            rate_run(run=run, by=request.user, **form.cleaned_data)
        else:
            rate_result(run=run, result=result, by=request.user, **form.cleaned_data)
    except (ActionRefused, ActionConflict) as refusal:
        return str(refusal)
    return ""


def _result_template(request: HttpRequest) -> str:
    """Return the template of one result: the drawer's for htmx, else a page's."""
    return "runs/_result_drawer.html" if request.headers.get("HX-Request") else "runs/result_detail.html"


def _checked(ordinal: int) -> int:
    """Return an ordinal that a result can have. Raises Http404: a larger one would belong to another run."""
    if ordinal >= MOST_RESULTS:
        raise Http404("No result has this ordinal.")
    return ordinal


def _controlled(request: HttpRequest, uid: UUID, act: Callable[[Run], object]) -> HttpResponseRedirect:
    """Do something with a run and lead back; what its state forbids is said on the page."""
    run = visible_run(uid, request.user)
    try:
        act(run)
    except ActionConflict as conflict:
        messages.warning(request, str(conflict))
    return back(request, reverse("runs:run-detail", args=[run.uid]))


@require_POST
def run_pause(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Let no new call begin."""
    return _controlled(request, uid, lambda run: pause_run(run=run, by=request.user))


@require_POST
def run_resume(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Go on with a run that stands still."""
    return _controlled(request, uid, lambda run: resume_run(run=run, by=request.user))


@require_POST
def run_cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """End a run where it stands."""
    return _controlled(request, uid, lambda run: cancel_run(run=run, by=request.user))


@require_POST
def run_retry(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Run the failed results again."""
    return _controlled(request, uid, lambda run: retry_failed(run=run, by=request.user))


@require_safe
async def run_stream(request: HttpRequest, uid: UUID) -> StreamingHttpResponse:
    """Stream the news of one run."""
    run = await sync_to_async(visible_run)(uid, request.user)
    return await stream_of(Topic(run=run.pk), _session(request))


@require_safe
async def experiment_stream(request: HttpRequest, uid: UUID) -> StreamingHttpResponse:
    """Stream the news of an experiment's runs."""
    visible = Experiment.objects.visible_to(request.user)
    experiment = await sync_to_async(get_object_or_404)(visible, uid=uid)
    return await stream_of(Topic(experiment=experiment.pk), _session(request))


@require_safe
async def home_stream(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the news of all that goes on in the person's projects."""
    visible = Project.objects.visible_to(request.user).order_by("pk").values_list("pk", flat=True)
    projects = await sync_to_async(lambda: tuple(visible))()
    return await stream_of(Topic(projects=projects), _session(request))


def _session(request: HttpRequest) -> str:
    return request.session.session_key or ""
