"""The list of experiments."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from evalsite.addresses import query_with
from evalsite.tables import Column, ShownTable
from experiments.actions.case_lists import identity_of
from experiments.chosen_projects import ChosenProjects, projects_for_new
from experiments.forms import ExperimentFilter
from experiments.models import Candidate, Experiment
from experiments.models.experiments import ExperimentQuerySet
from experiments.models.projects import Person
from runs.live.activity import with_status
from runs.models import Run, RunStatus
from scoring.boards.run_lines import RunLine, with_lines

ROWS = 50
COLUMNS = (
    Column("name", "Name", "name", is_largest_first=False, is_fixed=True),
    Column("status", "Status"),
    Column("dataset", "Dataset", "dataset_version__dataset__name", is_largest_first=False),
    Column("candidates", "Candidates"),
    Column("best", "Best score"),
    Column("spend", "Spend"),
    Column("started", "Started", "started_or_made"),
    Column("by", "By"),
)


@dataclass(frozen=True)
class ExperimentRow:
    """One experiment of the list."""

    experiment: Experiment
    candidate_count: int
    best: RunLine | None
    """The first run of its board that has a score."""
    error_count: int
    spend_usd: Decimal | None
    """Of all its runs; None: the price of at least one result is unknown, or nothing was done."""
    started_at: datetime | None
    """When its first run began; None: none has."""

    @property
    def status(self) -> str:
        """The status, as `with_status` annotated it."""
        return str(self.experiment.status)  # type: ignore[attr-defined]

    @property
    def status_words(self) -> str:
        """The errors beside the status: a run with errors is never plainly completed."""
        return f"{self.error_count} error{'s' if self.error_count != 1 else ''}" if self.error_count else ""


@dataclass(frozen=True)
class ExperimentListPage:
    """A page of the list."""

    filter: ExperimentFilter
    rows: list[ExperimentRow]
    total: int
    newer_query: str
    older_query: str
    is_filtered: bool
    table: ShownTable
    can_make: bool
    """Whether there is a project in which the person may make one."""

    @classmethod
    def build(cls, request: HttpRequest, user: Person) -> "ExperimentListPage":
        """Return the page that the query asks for; a filter that is not valid shows nothing."""
        chosen = ExperimentFilter(user, request.GET)
        table = ShownTable.build(request, "experiments", COLUMNS, "-started")
        experiments = table.sorted(_chosen(chosen, request)) if chosen.is_valid() else Experiment.objects.none()
        first = _whole(request.GET.get("offset", ""))
        total = experiments.count()
        shown = list(experiments[first : first + ROWS])
        return cls(
            chosen,
            experiment_rows(shown),
            total,
            query_with(request, offset=max(0, first - ROWS) or None) if first else "",
            query_with(request, offset=first + ROWS) if first + ROWS < total else "",
            any(request.GET.get(name) for name in chosen.fields),
            table,
            projects_for_new(user, "edit_experiment", {}).exists(),
        )


def _chosen(chosen: ExperimentFilter, request: HttpRequest) -> ExperimentQuerySet:
    values, user = chosen.cleaned_data, request.user
    projects = ChosenProjects.of(user, request.COOKIES).ids
    visible = Experiment.objects.visible_to(user).filter(project__in=projects)
    shown = visible.exclude(archived_at=None) if values["archived"] else visible.offered()
    experiments: ExperimentQuerySet = with_status(shown).annotate(started_or_made=_started_or_made())
    if values["status"]:
        experiments = experiments.filter(status=values["status"])
    if values["dataset"]:
        experiments = experiments.filter(dataset_version__dataset=values["dataset"])
    if values["tag"]:
        experiments = experiments.tagged(values["tag"])
    if values["mine"]:
        experiments = experiments.filter(created_by_id=user.pk)
    experiments = experiments.select_related("project", "dataset_version__dataset", "created_by")
    return experiments.prefetch_related("case_lists")


def _started_or_made() -> Coalesce:
    """Return what the list is sorted by: an experiment that was never started stands where it was made."""
    mine = Run.objects.filter(experiment=OuterRef("pk")).order_by().values("experiment")
    return Coalesce(Subquery(mine.annotate(first=Min("started_at")).values("first")), "created_at")


def experiment_rows(experiments: Sequence[Experiment]) -> list[ExperimentRow]:
    """Return the rows of experiments that were read with `with_status`, with two queries for all of them."""
    lines: dict[int, list[RunLine]] = defaultdict(list)
    for run in with_lines(Run.objects.filter(experiment__in=experiments)):
        lines[run.experiment_id].append(RunLine.of(run))
    counts: dict[int, int] = defaultdict(int)
    for experiment_id in Candidate.objects.listed().filter(experiment__in=experiments).values_list("experiment_id"):
        counts[experiment_id[0]] += 1
    return [_row(experiment, lines[experiment.pk], counts[experiment.pk]) for experiment in experiments]


def _row(experiment: Experiment, lines: list[RunLine], candidate_count: int) -> ExperimentRow:
    on_board = [line for line in lines if _is_on_board(experiment, line.run)]
    scored = sorted((line for line in on_board if line.score is not None), key=_order)
    costs = [line.totals.cost_usd for line in lines if line.totals.results]
    spend = sum((cost for cost in costs if cost is not None), Decimal(0)) if costs and None not in costs else None
    errors = sum(line.totals.error_count for line in on_board)
    started_at = min((line.run.started_at for line in lines if line.run.started_at), default=None)
    return ExperimentRow(experiment, candidate_count, scored[0] if scored else None, errors, spend, started_at)


def _is_on_board(experiment: Experiment, run: Run) -> bool:
    if experiment.dataset_version_id is None:
        return run.is_ad_hoc
    present = {cases.pk for cases in experiment.case_lists.all() if cases.identity_hash == identity_of(experiment)}
    return run.case_list_id in present and run.candidate is not None and run.candidate.removed_at is None


def _order(line: RunLine) -> tuple[bool, bool, float]:
    """Complete before incomplete, completed before the others, then the score: as on the board."""
    return not line.is_complete, line.run.status != RunStatus.COMPLETED, -(line.score or 0.0)


def _whole(text: str) -> int:
    """Return a whole number from an address, 0 for anything else."""
    return min(int(text), 10_000) if text.isdecimal() and len(text) < 9 else 0
