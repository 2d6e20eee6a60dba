"""Compare: two candidates on the same items, a sentence first, then the items, regressions first."""

from dataclasses import dataclass

import numpy as np
from django.http import HttpRequest

from evalsite.addresses import query_with
from evalsite.charts import Scale
from experiments.models import Experiment, Item
from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.transcripts import output_of
from scoring.boards.comparing import Comparison, NotComparable, Pairing, compare
from scoring.boards.item_values import Ints
from scoring.boards.leaderboard import leaderboard, row_name
from scoring.grid.text_pieces import Piece, difference_of_texts
from scoring.statistics import PairedDifference
from scoring.statistics.paired import FEW_DISAGREEMENTS

ROWS = 20
FILTERS = {"all": "all", "losses": "worse", "wins": "better", "ties": "same"}
PLOT_WIDTH = 320
EDGE = 20  # room for half the text of a tick


@dataclass(frozen=True)
class Side:
    """What one run made of one item."""

    result: Result | None
    """Of its first trial that is stored; None: none is."""
    value: float
    pieces: list[Piece]


@dataclass(frozen=True)
class ComparedItem:
    """One item, both answers beside each other."""

    position: int
    item: Item | None
    first: Side
    second: Side

    @property
    def difference(self) -> float:
        """First minus second, 0 to 1."""
        return self.first.value - self.second.value


@dataclass(frozen=True)
class PlotLine:
    """One line of the forest plot."""

    name: str
    difference: PairedDifference
    dot: float | None
    left: float | None
    right: float | None


@dataclass(frozen=True)
class FilterChip:
    """One way to narrow the items."""

    name: str
    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class ComparePage:
    """The page."""

    runs: list[Run]
    """All that can be chosen, in the order of the board."""
    first: Run | None
    second: Run | None
    problem: str
    """Why these two cannot be compared; "": they can."""
    comparison: Comparison | None = None
    plot: "list[PlotLine] | None" = None
    scale: Scale | None = None
    """Of the differences in the plot."""
    chips: "list[FilterChip] | None" = None
    items: "list[ComparedItem] | None" = None
    earlier: str = ""
    later: str = ""

    @classmethod
    def build(cls, experiment: Experiment, request: HttpRequest) -> "ComparePage":
        """Return the comparison that the address asks for: `a` with `b`, else the best with the baseline."""
        runs = [entry.run for entry in leaderboard(experiment).entries]
        for run in runs:
            run.experiment = experiment
        first, second = chosen_pair(experiment, runs, request.GET.get("a", ""), request.GET.get("b", ""))
        if first is None or second is None:
            return cls(runs, first, second, "Two candidates with results are needed for a comparison.")
        try:
            comparison = compare(first, second)
        except NotComparable as reason:
            return cls(runs, first, second, str(reason))
        if not comparison.overall.n:
            return cls(runs, first, second, "No item has a score of both yet.")
        return cls._whole(runs, comparison, request)

    @classmethod
    def _whole(cls, runs: list[Run], comparison: Comparison, request: HttpRequest) -> "ComparePage":
        wanted = request.GET.get("show", "all")
        shown = wanted if wanted in FILTERS else "all"
        order = _order(comparison.overall, shown)
        start = _start(request.GET.get("from", ""), len(order))
        scale = _scale(comparison)
        end = start + ROWS
        return cls(
            runs,
            comparison.first,
            comparison.second,
            "",
            comparison,
            _plot(comparison, scale),
            scale,
            _chips(comparison.overall, shown, request),
            _items(comparison, order[start:end]),
            query_with(request, **{"from": start - ROWS or None}) if start else "",
            query_with(request, **{"from": end}) if end < len(order) else "",
        )

    @property
    def first_name(self) -> str:
        """The name of the first."""
        return row_name(self.first) if self.first else ""

    @property
    def second_name(self) -> str:
        """The name of the second."""
        return row_name(self.second) if self.second else ""

    @property
    def difference(self) -> PairedDifference | None:
        """How far the first is ahead."""
        return self.comparison.overall.difference() if self.comparison else None

    @property
    def verdict(self) -> str:
        """better, worse or inconclusive."""
        return self.difference.direction if self.difference else "inconclusive"

    @property
    def distance(self) -> float | None:
        """The size of the difference."""
        value = self.difference.value if self.difference else None
        return None if value is None else abs(value)

    @property
    def is_too_few(self) -> bool:
        """Whether the two disagree on too few items to say anything."""
        pairing = self.comparison.overall if self.comparison else None
        return pairing is not None and pairing.wins + pairing.losses < FEW_DISAGREEMENTS

    @property
    def matched_of(self) -> int:
        """Items that at least one of them has a score for."""
        pairing = self.comparison.overall if self.comparison else None
        return pairing.n + pairing.missing if pairing else 0

    @property
    def swap_query(self) -> str:
        """The query that asks for the comparison the other way round."""
        return f"?a={self.second.uid}&b={self.first.uid}" if self.first and self.second else ""

    @property
    def plot_width(self) -> int:
        """Width of the forest plot in pixels."""
        return PLOT_WIDTH


def chosen_pair(experiment: Experiment, runs: list[Run], first: str, second: str) -> tuple[Run | None, Run | None]:
    """Return the two runs that are named; else the baseline's is the second, and the best other one the first."""
    by_uid = {str(run.uid): run for run in runs}
    is_known = experiment.baseline_id is not None
    baseline = next((run for run in runs if is_known and run.candidate_id == experiment.baseline_id), None)
    other = by_uid.get(second) or (baseline if baseline and str(baseline.uid) != first else None)
    one = by_uid.get(first) or next((run for run in runs if run != other), None)
    return one, other or next((run for run in runs if run != one), None)


def _order(pairing: Pairing, shown: str) -> Ints:
    """Return indices of the pairing: regressions first, then the order of the case list."""
    differences = pairing.differences
    kept = {
        "all": np.ones(len(differences), dtype=bool),
        "wins": differences > 0,
        "losses": differences < 0,
        "ties": differences == 0,
    }[shown]
    order = np.argsort(differences, kind="stable")
    chosen: Ints = order[kept[order]]
    return chosen


def _start(text: str, count: int) -> int:
    start = int(text) if text.isdecimal() and len(text) <= 9 else 0
    return start if start < count else 0


def _chips(pairing: Pairing, shown: str, request: HttpRequest) -> list[FilterChip]:
    counts = {"all": pairing.n, "losses": pairing.losses, "wins": pairing.wins, "ties": pairing.ties}
    only = {"from": None}
    return [
        FilterChip(name, label, counts[name], query_with(request, **only, show=name), name == shown)
        for name, label in FILTERS.items()
    ]


def _scale(comparison: Comparison) -> Scale:
    ends = [0.0]
    for pairing in [comparison.overall, *comparison.by_scorer.values()]:
        difference = pairing.difference()
        ends += [difference.value or 0.0]
        ends += [difference.interval.low, difference.interval.high] if difference.interval else []
    return Scale.both_ways(ends, EDGE, PLOT_WIDTH - EDGE)


def _plot(comparison: Comparison, scale: Scale) -> list[PlotLine]:
    pairings = {"score": comparison.overall, **comparison.by_scorer}
    return [_plot_line(name, pairing.difference(), scale) for name, pairing in pairings.items()]


def _plot_line(name: str, difference: PairedDifference, scale: Scale) -> PlotLine:
    interval = difference.interval
    return PlotLine(
        name,
        difference,
        None if difference.value is None else scale.place(difference.value),
        None if interval is None else scale.place(interval.low),
        None if interval is None else scale.place(interval.high),
    )


def _items(comparison: Comparison, indices: Ints) -> list[ComparedItem]:
    pairing = comparison.overall
    positions = [int(pairing.positions[index]) for index in indices]
    firsts, seconds = _results(comparison.first, positions), _results(comparison.second, positions)
    compared = []
    for index, position in zip(indices, positions, strict=True):
        one, other = firsts.get(position), seconds.get(position)
        mine, theirs = difference_of_texts(output_of(one) if one else "", output_of(other) if other else "")
        found = one or other
        first = Side(one, float(pairing.first[index]), mine)
        second = Side(other, float(pairing.second[index]), theirs)
        compared.append(ComparedItem(position, found.item if found else None, first, second))
    return compared


def _results(run: Run, positions: list[int]) -> dict[int, Result]:
    """Return the first stored trial of each position."""
    cases = run.case_list.case_count
    ordinals = [trial * cases + position for position in positions for trial in range(run.trials)]
    ids = [result_id_of(run.pk, ordinal) for ordinal in ordinals]
    found: dict[int, Result] = {}
    for result in Result.objects.filter(pk__in=ids).select_related("item", "transcript").order_by("pk"):
        found.setdefault(result.ordinal % cases, result)
    return found
