"""The page of one run: what it came to so far, and its results."""

from collections import defaultdict
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from evalsite.addresses import query_with
from evalsite.templatetags.formats import share
from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import permitted
from experiments.wording import counted
from runs.live.pace import Pace, paces_of
from runs.live.progress import Totals, counts_of
from runs.live.streams import are_workers_gone
from runs.models import Result, Run
from runs.models.results import ResultQuerySet, result_id_of
from runs.models.runs import RUNNABLE
from runs.outcomes import Outcome
from runs.pages.run_rating import RunRatingPart
from scoring.boards.run_lines import RunLine
from scoring.models import RunScore, Score

ROWS = 20


def visible_run(uid: object, user: Person) -> Run:
    """Return a run that this person may see. Raises Http404."""
    visible = Run.objects.visible_to(user)
    related = visible.select_related("experiment__project", "candidate", "provider", "standing", "created_by")
    run: Run = get_object_or_404(related, uid=uid)
    return run


@dataclass(frozen=True)
class RunSummary:
    """What a run came to so far."""

    pace: Pace
    line: RunLine
    scores: list[RunScore]
    can_control: bool
    is_worker_missing: bool

    @classmethod
    def build(cls, run: Run, allowed: frozenset[str]) -> "RunSummary":
        """Return it as of this moment, for whoever may do this here."""
        scores = RunScore.objects.filter(run=run, scorer__removed_at=None).select_related("scorer")
        waiting = run.status in RUNNABLE and not run.owner
        return cls(
            paces_of([run])[0],
            RunLine.of(run),
            list(scores.order_by("scorer__position", "scorer_id")),
            "stop" in allowed,
            waiting and are_workers_gone(),
        )

    @property
    def run(self) -> Run:
        """The run."""
        return self.pace.run

    @property
    def title(self) -> str:
        """The title of the browser's tab."""
        name = f"{self.run.name} · Evalsite"
        return name if self.run.is_finished else f"({share(self.pace.share_done)}) {name}"

    @property
    def announcement(self) -> str:
        """What a screen reader hears from time to time."""
        totals = self.pace.totals
        planned = counted(self.run.planned_count, "result")
        return f"{totals.results} of {planned}, {counted(totals.error_count, 'error')}"


@dataclass(frozen=True)
class Verdict:
    """What one scorer says of one result."""

    scorer: ScorerSpec
    score: Score | None

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)


@dataclass(frozen=True)
class ResultRow:
    """One row of the results."""

    result: Result
    verdicts: list[Verdict]


@dataclass(frozen=True)
class OutcomeChip:
    """One outcome to filter by."""

    outcome: str
    """As the address names it; "" for all."""
    count: int
    is_chosen: bool

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.outcome or "all"

    @property
    def query(self) -> str:
        """The query that chooses it."""
        return f"?outcome={self.outcome}" if self.outcome else ""


@dataclass(frozen=True)
class ResultsPart:
    """One page of a run's results in the order of their ordinals, of one outcome where asked for."""

    run: Run
    rows: list[ResultRow]
    scorers: list[ScorerSpec]
    outcome: str
    chips: list[OutcomeChip]
    earlier_query: str
    later_query: str
    filter_query: str
    """The query that keeps the filter and nothing else; "" without one."""
    place_query: str
    """The query that asks for this page of results again."""

    @classmethod
    def build(cls, run: Run, request: HttpRequest) -> "ResultsPart":
        """Return the page that the query asks for; an unknown outcome and a wrong place are passed over."""
        outcome = chosen_outcome(request)
        results, is_first, is_last = _page(run, request, outcome)
        scorers = list(ScorerSpec.objects.filter(experiment=run.experiment_id, removed_at=None))
        only = {"result": None, "after": None, "before": None}
        earlier = query_with(request, **only | {"before": results[0].ordinal}) if results and not is_first else ""
        later = query_with(request, **only | {"after": results[-1].ordinal}) if results and not is_last else ""
        filter_query = f"?outcome={outcome}" if outcome else ""
        return cls(
            run,
            _rows(run, results, scorers),
            scorers,
            outcome,
            _chips(run, outcome),
            earlier,
            later,
            filter_query,
            query_with(request, result=None),
        )

    @property
    def earlier_url(self) -> str:
        """Where the page before is; "": this is the first."""
        return self._page_url(self.earlier_query)

    @property
    def later_url(self) -> str:
        """Where the page after is; "": this is the last."""
        return self._page_url(self.later_query)

    def _page_url(self, query: str) -> str:
        return reverse("runs:run-detail", args=[self.run.uid]) + query if query else ""


def chosen_outcome(request: HttpRequest) -> str:
    """Return the outcome that the address asks for, "" for all; `errors` stands for every error."""
    outcome = request.GET.get("outcome", "")
    return outcome if outcome in [*Outcome, "errors"] else ""


def _chips(run: Run, chosen: str) -> list[OutcomeChip]:
    """Return what can be filtered by: all, every error together, and each outcome that occurred."""
    totals = counts_of([run.pk]).get(run.pk, Totals())
    by_outcome = {outcome.value: totals.outcomes.get(outcome.value, 0) for outcome in Outcome}
    counts = {"": totals.results, "errors": totals.error_count, **by_outcome}
    return [OutcomeChip(name, count, name == chosen) for name, count in counts.items() if count or name == chosen]


def results_of(run: Run, outcome: str) -> ResultQuerySet:
    """Return the results of a run, of one outcome where named."""
    results = Result.objects.of_run(run)
    if outcome == "errors":
        return results.errors()
    return results.with_outcome(outcome) if outcome else results


def _page(run: Run, request: HttpRequest, outcome: str) -> tuple[list[Result], bool, bool]:
    """Return (results, whether they are the first, whether they are the last)."""
    results = results_of(run, outcome).select_related("item")
    before, after = _place(request, "before"), _place(request, "after")
    if before is not None:
        found = list(results.filter(pk__lt=result_id_of(run.pk, before)).order_by("-pk")[: ROWS + 1])
        return found[:ROWS][::-1], len(found) <= ROWS, False
    if after is not None:
        results = results.filter(pk__gt=result_id_of(run.pk, after))
    found = list(results.order_by("pk")[: ROWS + 1])
    return found[:ROWS], after is None, len(found) <= ROWS


def _place(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= 10 and int(text) < 1 << 32 else None


def _rows(run: Run, results: list[Result], scorers: list[ScorerSpec]) -> list[ResultRow]:
    revisions = {spec.pk: spec.revision for spec in scorers}
    revisions |= dict(RunScore.objects.filter(run=run).values_list("scorer_id", "revision"))
    found: dict[int, dict[int, Score]] = defaultdict(dict)
    for score in Score.objects.filter(result__in=[result.pk for result in results], turn=0).order_by("author", "id"):
        if score.author or score.revision == revisions.get(score.scorer_id, score.revision):
            found[score.result_id][score.scorer_id] = score
    return [
        ResultRow(result, [Verdict(scorer, found[result.pk].get(scorer.pk)) for scorer in scorers])
        for result in results
    ]


@dataclass(frozen=True)
class RunDetailPage:
    """The page."""

    run: Run
    summary: RunSummary
    rating: RunRatingPart
    results: ResultsPart
    stream_url: str

    @classmethod
    def build(cls, run: Run, request: HttpRequest, user: Person) -> "RunDetailPage":
        """Return the page of a run that this person may see."""
        stream_url = reverse("runs:run-stream", args=[run.uid]) if settings.STREAMS else ""
        allowed = permitted(user, run.experiment.project)
        rating, results = RunRatingPart.build(run, user), ResultsPart.build(run, request)
        return cls(run, RunSummary.build(run, allowed), rating, results, stream_url)
