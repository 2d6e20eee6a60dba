"""Compare: two candidates, a sentence first, then the items that both ran over, regressions first."""

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from evalsite.charts import Scale
from experiments.pages.compare_choice import Choice, compare_address
from experiments.pages.compare_notes import notes_of
from experiments.pages.compared_items import ComparedItems
from runs.models import Run
from scoring.boards.comparing import Comparison, NotComparable, Pairing, Samples, compare
from scoring.boards.leaderboard import row_name
from scoring.statistics import PairedDifference, UnpairedDifference
from scoring.statistics.paired import FEW_DISAGREEMENTS

PLOT_WIDTH = 320
EDGE = 20  # room for half the text of a tick

LACKING = (
    "Two candidates with results are needed for a comparison: add one here, or choose two experiments in their list."
)

Difference = PairedDifference | UnpairedDifference


@dataclass(frozen=True)
class PlotLine:
    """One line of the forest plot."""

    name: str
    difference: Difference
    dot: float | None
    left: float | None
    right: float | None


@dataclass(frozen=True)
class ComparePage:
    """The page."""

    choice: Choice
    problem: str
    """Why these two cannot be compared; "": they can."""
    comparison: Comparison | None = None
    plot: "list[PlotLine] | None" = None
    scale: Scale | None = None
    """Of the differences in the plot."""
    items: ComparedItems | None = None
    """None: they ran over no item in common."""

    @classmethod
    def build(cls, choice: Choice, request: HttpRequest) -> "ComparePage":
        """Return the comparison of the chosen two; the query says which of their items are shown."""
        if choice.first is None or choice.second is None:
            return cls(choice, LACKING)
        try:
            comparison = compare(choice.first, choice.second)
        except NotComparable as reason:
            return cls(choice, str(reason))
        if comparison.overall.difference().value is None:
            return cls(choice, "No item has a score of both yet.")
        return cls._whole(choice, comparison, request)

    @classmethod
    def _whole(cls, choice: Choice, comparison: Comparison, request: HttpRequest) -> "ComparePage":
        scale, overall = _scale(comparison), comparison.overall
        items = ComparedItems.build(comparison, overall, request) if isinstance(overall, Pairing) else None
        return cls(choice, "", comparison, _plot(comparison, scale), scale, items)

    @property
    def first_name(self) -> str:
        """The name of the first, with what tells it from the second's."""
        return _name(self.choice.first, self.choice.second)

    @property
    def second_name(self) -> str:
        """The name of the second, with what tells it from the first's."""
        return _name(self.choice.second, self.choice.first)

    @cached_property
    def difference(self) -> Difference | None:
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
    def pairing(self) -> Pairing | None:
        """The two on the items that both have; None: they have none in common."""
        overall = self.comparison.overall if self.comparison else None
        return overall if isinstance(overall, Pairing) else None

    @property
    def samples(self) -> Samples | None:
        """The two over items of their own; None: they have some in common."""
        overall = self.comparison.overall if self.comparison else None
        return overall if isinstance(overall, Samples) else None

    @property
    def is_too_few(self) -> bool:
        """Whether the two disagree on too few items to say anything."""
        return self.pairing is not None and self.pairing.wins + self.pairing.losses < FEW_DISAGREEMENTS

    @property
    def matched_of(self) -> int:
        """Items that at least one of them has a score for."""
        return self.pairing.n + self.pairing.missing if self.pairing else 0

    @property
    def notes(self) -> list[str]:
        """What the numbers rest on where the two ran over different items, or in two experiments."""
        return notes_of(self.comparison) if self.comparison else []

    @property
    def swap_url(self) -> str:
        """Leads to the comparison the other way round; "": there is none."""
        first, second = self.choice.first, self.choice.second
        return compare_address(second, first) if first and second else ""

    @property
    def plot_width(self) -> int:
        """Width of the forest plot in pixels."""
        return PLOT_WIDTH


def _name(run: Run | None, beside: Run | None) -> str:
    """Return a run's name; beside one of another experiment or another version with that."""
    if run is None:
        return ""
    if beside is None or beside.case_list_id == run.case_list_id:
        return row_name(run)
    is_one = run.experiment_id == beside.experiment_id
    where = run.case_list.dataset_version if is_one else run.experiment
    return f"{row_name(run)} · {where}" if where else row_name(run)


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


def _plot_line(name: str, difference: Difference, scale: Scale) -> PlotLine:
    interval = difference.interval
    return PlotLine(
        name,
        difference,
        None if difference.value is None else scale.place(difference.value),
        None if interval is None else scale.place(interval.low),
        None if interval is None else scale.place(interval.high),
    )
