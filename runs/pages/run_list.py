"""The list of runs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from evalsite.addresses import query_with
from evalsite.tables import Column, ShownTable
from experiments.chosen_projects import ChosenProjects
from experiments.models.projects import Person
from runs.forms import RunFilter
from runs.models import Run
from runs.models.runs import RunQuerySet
from scoring.boards.run_lines import RunLine, with_lines

ROWS = 50
MOST_SKIPPED = 10_000
COLUMNS = (
    Column("experiment", "Experiment"),
    Column("status", "Status", "status", is_largest_first=False),
    Column("score", "Score", "standing__value"),
    Column("n", "n"),
    Column("errors", "Errors"),
    Column("cost", "Cost"),
    Column("duration", "Duration"),
    Column("started_at", "Started", "started_at"),
)
"""Sorted by the names that `GET /api/v1/runs/` takes as `ordering`."""


@dataclass(frozen=True)
class RunListPage:
    """A page of the list."""

    filter: RunFilter
    lines: list[RunLine]
    total: int
    newer_query: str
    older_query: str
    is_filtered: bool
    table: ShownTable

    @classmethod
    def build(cls, request: HttpRequest, user: Person) -> "RunListPage":
        """Return the page that the query asks for; a filter that is not valid shows nothing."""
        chosen = RunFilter(user, request.GET)
        visible = Run.objects.visible_to(user)
        if not request.GET.get("experiment_id"):  # an experiment that is named may be of any project, and archived
            projects = ChosenProjects.of(user, request.COOKIES).ids
            visible = visible.filter(experiment__project__in=projects, experiment__archived_at=None)
        runs = filtered(visible, chosen.cleaned_data) if chosen.is_valid() else visible.none()
        first, total = offset_of(request), runs.count()
        table = ShownTable.build(request, "runs", COLUMNS, "-started_at")
        lines = [RunLine.of(run) for run in table.sorted(with_lines(runs))[first : first + ROWS]]
        return cls(
            chosen,
            lines,
            total,
            query_with(request, offset=max(0, first - ROWS) or None) if first else "",
            query_with(request, offset=first + ROWS) if first + ROWS < total else "",
            any(chosen.data.get(name) for name in chosen.fields),
            table,
        )


def filtered(runs: RunQuerySet, values: dict[str, Any]) -> RunQuerySet:
    """Return the runs that a valid filter leaves. A run without a score is left out when a bound is given."""
    conditions = {
        "experiment": values["experiment_id"],
        "status": values["status"],
        "standing__value__gte": values["min_score"],
        "standing__value__lte": values["max_score"],
        "name__icontains": values["candidate"],
        "is_ad_hoc": {"true": True, "false": False}.get(values["ad_hoc"]),
    }
    return runs.filter(**{name: value for name, value in conditions.items() if value not in (None, "")})


def offset_of(request: HttpRequest) -> int:
    """Return how many rows the address skips, 0 for anything that is no such number."""
    text = request.GET.get("offset", "")
    return min(int(text), MOST_SKIPPED) if text.isdecimal() and len(text) < 9 else 0
