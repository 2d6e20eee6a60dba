"""The leaderboard of an experiment: the lower part of its Board, and what Home shows of the demo."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import HttpRequest

from evalsite.addresses import query_with
from evalsite.charts import Axis
from evalsite.tables import ShownTable
from evalsite.templatetags.formats import column_decimals
from experiments.models import Experiment, ScorerSpec
from experiments.pages.board_charts import ChartsPart
from experiments.pages.board_order import SCORER, BoardColumn, board_columns, heads_of, in_order
from experiments.pages.board_rows import BoardRow, Cell
from runs.models import Run
from scoring.boards.comparing import UNCORRECTED, differences_to
from scoring.boards.leaderboard import Entry, leaderboard
from scoring.boards.run_lines import RunLine, with_lines

APART_ROWS = 20


@dataclass(frozen=True)
class LeaderboardPart:
    """The leaderboard, and the runs that stand apart from it."""

    experiment: Experiment
    rows: list[BoardRow]
    scorers: list[ScorerSpec]
    axis: Axis
    policy: str
    ad_hoc: list[RunLine]
    """Ad-hoc runs of an experiment that has a dataset."""
    former: list[RunLine]
    """Runs of candidates that are not in the experiment any more, or over other items."""
    can_edit: bool
    charts: ChartsPart
    tried: Mapping[str, float] | None = None
    """Weights that are tried, not saved; None: those in force."""
    place_query: str = ""
    """The query that asks for this board again."""
    table: ShownTable | None = None
    """Which columns are shown, in which order the rows stand; None: all of them, by rank."""

    @classmethod
    def build(
        cls,
        experiment: Experiment,
        allowed: frozenset[str],
        weights: Mapping[str, float] | None = None,
        request: HttpRequest | None = None,
    ) -> "LeaderboardPart":
        """Return the board as of this moment, under weights that are tried where there are some.

        The request says which columns are shown and in which order the rows stand; without one it is by rank.
        """
        entries = leaderboard(experiment, weights=weights).entries
        scorers = experiment.present_scorers()
        rows = _rows(experiment, entries, scorers, weights)
        marks = [mark for entry in entries for mark in (entry.weighted_score, entry.low, entry.high)]
        table = ShownTable.build(request, "board", board_columns(scorers)) if request else None
        ad_hoc, former = _apart(experiment, {entry.run.pk for entry in entries})
        place_query = query_with(request) if request and request.GET else ""
        return cls(
            experiment,
            _shown(rows, table) if table else rows,
            scorers,
            Axis.around(marks),
            _policy(experiment, scorers, weights, len(rows)),
            ad_hoc,
            former,
            "edit_experiment" in allowed,
            ChartsPart.of(experiment, entries, place_query),
            weights,
            place_query,
            table,
        )

    @property
    def columns(self) -> list[BoardColumn]:
        """The heads of the columns behind the difference that are shown: scorers, then figures."""
        return heads_of(board_columns(self.scorers), self.table)

    @property
    def has_differences(self) -> bool:
        """Whether any row is compared with the baseline."""
        return any(row.difference is not None for row in self.rows)


def _rows(
    experiment: Experiment, entries: list[Entry], scorers: list[ScorerSpec], weights: Mapping[str, float] | None
) -> list[BoardRow]:
    for entry in entries:
        entry.run.experiment = experiment  # known already: the row's links would ask for it again
    runs = [entry.run for entry in entries]
    is_known = experiment.baseline_id is not None
    baseline = next((run for run in runs if is_known and run.candidate_id == experiment.baseline_id), None)
    differences = differences_to(baseline, runs, weights) if baseline else {}
    decimals = {scorer.name: column_decimals(_values(entries, scorer)) for scorer in scorers}
    return [
        BoardRow(
            entry,
            [_cell(entry, scorer, decimals[scorer.name]) for scorer in scorers],
            baseline,
            differences.get(entry.run.pk),
        )
        for entry in entries
    ]


def _shown(rows: list[BoardRow], table: ShownTable) -> list[BoardRow]:
    """Return the rows in the order of a table, with the cells of the scorers whose columns it shows."""
    columns = {name.removeprefix(SCORER) for name in table.shown if name.startswith(SCORER)}
    return [
        replace(row, cells=[cell for cell in row.cells if cell.scorer.name in columns])
        for row in in_order(rows, table.ordering)
    ]


def _values(entries: list[Entry], scorer: ScorerSpec) -> list[float | None]:
    return [cell.value for entry in entries if (cell := entry.scores.get(scorer.name))]


def _cell(entry: Entry, scorer: ScorerSpec, decimals: int | None) -> Cell:
    found = entry.scores.get(scorer.name)
    if found is None or found.value is None:
        return Cell(scorer, None, None, None, None, "not rated" if scorer.kind == "person" else "not scored")
    n = found.n if found.n != entry.n else None
    return Cell(scorer, found.value, found.low, found.high, n, decimals=decimals)


def _apart(experiment: Experiment, shown: set[int]) -> tuple[list[RunLine], list[RunLine]]:
    runs = with_lines(Run.objects.filter(experiment=experiment)).exclude(pk__in=shown).order_by("-pk")
    lines = [RunLine.of(run) for run in runs[: 2 * APART_ROWS]]
    ad_hoc = [line for line in lines if line.run.is_ad_hoc]
    return ad_hoc[:APART_ROWS], [line for line in lines if not line.run.is_ad_hoc][:APART_ROWS]


def _policy(experiment: Experiment, scorers: list[ScorerSpec], weights: Mapping[str, float] | None, rows: int) -> str:
    chosen = {scorer.name: scorer.weight if weights is None else weights.get(scorer.name, 0.0) for scorer in scorers}
    weighted = [f"{name} × {weight:g}" for name, weight in chosen.items() if weight]
    score = f"Score: {' + '.join(weighted)}, 0 to 100." if weighted else "No scorer has a weight: there is no score."
    errors = f"Errors {experiment.get_errors_policy_display()}."
    shared = f" Differences corrected for {rows - 1} comparisons." if rows - 1 > UNCORRECTED else ""
    return f"{score} Intervals 95\N{NO-BREAK SPACE}%, items as units. {errors}{shared}"
