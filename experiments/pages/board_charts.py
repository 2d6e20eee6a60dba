"""The charts of a board: score against cost, and latency from p50 to p95."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalsite.charts import Scale, spread_labels
from experiments.models import Experiment
from scoring.boards.leaderboard import Entry, leaderboard, row_name

PALETTE = 8
MOST = 20
"""Candidates in a chart: the names of more do not stand beside each other."""
WIDTH, HEIGHT = 360, 224
LEFT, RIGHT, TOP, BOTTOM = 36, 116, 12, 32
ROW = 28
NAMES = 132
EDGE = 20
OUTLINES = (
    "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    "m-4 -4h8v8h-8z",
    "m0 -5.5l5 9h-10z",
    "m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
)
"""Circle, square, triangle and diamond, drawn from their middle; after them come the same hollow."""


@dataclass(frozen=True)
class Mark:
    """One candidate in a chart; lengths in the chart's own units."""

    name: str
    colour: int
    """1 to 8, the same in every chart of an experiment."""
    x: float
    y: float
    low: float
    """The other end of its line: of the interval downwards, of the latency to the right."""
    high: float
    label_y: float
    entry: Entry

    @property
    def outline(self) -> str:
        """How its shape is drawn, from its middle."""
        return OUTLINES[(self.colour - 1) % len(OUTLINES)]

    @property
    def is_hollow(self) -> bool:
        """Whether only its outline is drawn."""
        return self.colour > len(OUTLINES)


@dataclass(frozen=True)
class Chart:
    """Marks on two scales."""

    marks: list[Mark]
    x: Scale
    y: Scale | None
    width: int
    height: int
    left: int
    bottom: float
    """Where the axis below is."""


@dataclass(frozen=True)
class BoardCharts:
    """The charts of one board; None where fewer than two candidates have what it shows."""

    cost: Chart | None
    latency: Chart | None
    most: int | None
    """How many of the rows are shown, the best; None: all."""

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> "BoardCharts":
        """Return the charts of the board's rows, which stand by rank."""
        colours = {run_id: index % PALETTE + 1 for index, run_id in enumerate(sorted(e.run.pk for e in entries))}
        best = entries[:MOST]
        return cls(_cost(best, colours), _latency(best, colours), MOST if len(entries) > MOST else None)


@dataclass(frozen=True)
class ChartsPart:
    """The charts below the leaderboard, which keep themselves live apart from it."""

    experiment: Experiment
    charts: BoardCharts
    place_query: str
    """The query that asks for these charts again."""

    @classmethod
    def of(cls, experiment: Experiment, entries: Sequence[Entry], place_query: str) -> "ChartsPart":
        """Return the charts of rows that were read already."""
        return cls(experiment, BoardCharts.of(entries), place_query)

    @classmethod
    def build(cls, experiment: Experiment, weights: Mapping[str, float] | None, place_query: str) -> "ChartsPart":
        """Return the charts as of this moment, under weights that are tried where there are some."""
        return cls.of(experiment, leaderboard(experiment, weights=weights).entries, place_query)


def _cost(entries: Sequence[Entry], colours: dict[int, int]) -> Chart | None:
    known = [
        (entry, float(entry.totals.cost_per_1000_usd), entry.weighted_score)
        for entry in entries
        if entry.totals.cost_per_1000_usd is not None and entry.weighted_score is not None
    ]
    if len(known) < 2:
        return None
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    x = Scale.from_zero([cost for _, cost, _ in known], LEFT, right)
    edges = [edge for entry, _, score in known for edge in (entry.low, entry.high, score) if edge is not None]
    y = Scale.around(edges, bottom, TOP)
    labels = spread_labels([y.place(score) for _, _, score in known])
    marks = [
        Mark(
            row_name(entry.run),
            colours[entry.run.pk],
            x.place(cost),
            y.place(score),
            y.place(score if entry.low is None else entry.low),
            y.place(score if entry.high is None else entry.high),
            label,
            entry,
        )
        for (entry, cost, score), label in zip(known, labels, strict=True)
    ]
    return Chart(marks, x, y, WIDTH, HEIGHT, LEFT, bottom)


def _latency(entries: Sequence[Entry], colours: dict[int, int]) -> Chart | None:
    known = [
        (entry, entry.totals.p50_ms, entry.totals.p95_ms)
        for entry in entries
        if entry.totals.p50_ms is not None and entry.totals.p95_ms is not None
    ]
    if len(known) < 2:
        return None
    bottom = TOP + ROW * len(known)
    x = Scale.from_zero([p95 for _, _, p95 in known], NAMES, WIDTH - EDGE)
    rows = [TOP + ROW * index + ROW / 2 for index in range(len(known))]
    marks = [
        Mark(row_name(entry.run), colours[entry.run.pk], x.place(p50), row, x.place(p50), x.place(p95), row, entry)
        for (entry, p50, p95), row in zip(known, rows, strict=True)
    ]
    return Chart(marks, x, None, WIDTH, round(bottom + BOTTOM), NAMES, bottom)
