"""Outputs: rows are items, columns are candidates, in modes with their counts."""

import json
import math
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape

from evalsite.addresses import query_with
from evalsite.tables import Column, ShownTable
from evalsite.templatetags.formats import number, score
from experiments.media import without_data
from experiments.models import Experiment, Item, ScorerSpec
from experiments.rows.new_items import text_of
from runs.models import Run
from runs.result_addresses import address_of, result_at
from scoring.boards.leaderboard import row_name
from scoring.grid.cells import Cell, Row, ShownResult, Trial, rows_of
from scoring.grid.outputs import MOST_COLUMNS, Mode, Outputs
from scoring.grid.queries import Asked
from scoring.grid.search import Found, page_of

MOST_CELLS = 36
"""On a page: a fragment has to stay under 20 kB."""
MOST_ROWS = 20
TEXT = 480
"""Bytes of output in a row as it is sent, shared by its cells."""
INPUT = 100
"""Bytes of an item's input."""
COLUMNS = (Column("input", "Input"), Column("text", "Output"), Column("verdict", "Verdict"))
PLACE = {"after": None, "before": None, "result": None}
DOTS = {"right": "●", "wrong": "○", "between": "◐", "error": "×", "not judged": "·"}


@dataclass(frozen=True)
class ModeChip:
    """One mode with its count."""

    mode: Mode
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class ShownCell:
    """A cell as the grid draws it."""

    cell: Cell
    specs: list[ScorerSpec]
    is_of_one: bool
    is_share: bool
    width: int
    """Bytes of output that it has room for."""

    @property
    def result(self) -> ShownResult | None:
        """The result whose output is shown."""
        return self.cell.result

    @property
    def is_errored(self) -> bool:
        """Whether a trial came to an error."""
        return any(trial.result.is_error for trial in self.cell.trials)

    @property
    def goodness(self) -> float:
        """What tells the worst cell of a row: the lower the worse; what was not judged is no failure."""
        if self.cell.value is None:
            return math.inf
        is_lower_better = self.is_of_one and any(not spec.higher_is_better for spec in self.specs)
        return -self.cell.value if is_lower_better else self.cell.value

    @property
    def text(self) -> str:
        """The beginning of the output; of an error its reason."""
        if self.result is None:
            return ""
        text = self.result.detail if self.result.is_error else self.result.preview
        return fitting(text, self.width)

    @property
    def verdict(self) -> str:
        """right, wrong, or "" for a value between and for none."""
        return self._word(self.cell.value)

    @property
    def value(self) -> str:
        """The value in figures."""
        return score(self.cell.value) if self.is_share else number(self.cell.value)

    @cached_property
    def _words(self) -> list[str]:
        return [self._of(trial) for trial in self.cell.trials]

    @property
    def dots(self) -> str:
        """A sign for each trial; "" where there is one trial only."""
        return "".join(DOTS[word] for word in self._words) if self.cell.run.trials > 1 else ""

    @property
    def dots_label(self) -> str:
        """The trials in words."""
        return ", ".join(self._words)

    def _of(self, trial: Trial) -> str:
        if trial.result.is_error:
            return "error"
        if trial.value is None:
            return "not judged"
        return self._word(trial.value) or "between"

    def _word(self, value: float | None) -> str:
        if value is None or not self.is_share:
            return ""
        return {1.0: "right", 0.0: "wrong"}.get(value, "")


@dataclass(frozen=True)
class ShownRow:
    """A row as the grid draws it."""

    row: Row
    cells: list[ShownCell]
    mode: Mode
    """What the rows were chosen for."""

    @property
    def name(self) -> str:
        """The item's key."""
        return self.row.item.key if self.row.item else f"item {self.row.position}"

    @property
    def input_text(self) -> str:
        """The beginning of the item's input."""
        item: Item | None = self.row.item
        return fitting(without_data(text_of(item.input)), INPUT) if item else ""

    @property
    def opened(self) -> Cell | None:
        """The cell that the row opens: the one that it is here for, else the first; None: nothing is stored yet."""
        stored = [shown for shown in self.cells if shown.cell.trials]
        if self.mode == Mode.FAILURES and stored:
            return min(stored, key=lambda shown: shown.goodness).cell
        errored = [shown for shown in stored if shown.is_errored] if self.mode == Mode.ERRORS else []
        return next((shown.cell for shown in errored or stored), None)

    @property
    def address(self) -> str:
        """The address of the result that the row opens."""
        cell = self.opened
        return address_of(cell.run, cell.result.ordinal) if cell and cell.result else ""


@dataclass(frozen=True)
class OutputsGrid:
    """One page of the grid."""

    asked: Asked
    found: Found
    rows: list[ShownRow]
    chips: list[ModeChip]
    query: str
    """The query that asks for this page again."""
    earlier: str
    """Leads to the page before; "": this is the first."""
    later: str
    """Leads to the page after; "": this is the last."""
    figures_query: str
    export_query: str
    """Keeps what is shown; a format is still to be named."""
    has_figures: bool
    """Whether cost and latency are shown."""
    table: ShownTable

    @classmethod
    def build(cls, experiment: Experiment, request: HttpRequest) -> "OutputsGrid":
        """Return the page that the query asks for; what does not fit is passed over."""
        asked = Asked.of(experiment, request.GET)
        columns = max(1, len(asked.runs))
        rows = min(MOST_ROWS, MOST_CELLS // columns)
        found = page_of(asked.outputs, asked.mode, asked.place, rows, asked.to_look_for)
        read = rows_of(asked.outputs, found.positions)
        has_figures = request.GET.get("figures") == "1"
        return cls(
            asked,
            found,
            [_shown(row, asked.outputs, TEXT // columns, asked.mode) for row in read],
            _chips(asked, request),
            query_with(request, result=None),
            query_with(request, **PLACE | {"before": _first(found)}) if found.has_earlier else "",
            query_with(request, **PLACE | {"after": _last(found)}) if found.has_later else "",
            query_with(request, figures=None if has_figures else 1, result=None),
            query_with(request, **PLACE | {"format": None}),
            has_figures,
            ShownTable.build(request, "outputs", COLUMNS),
        )

    @property
    def experiment(self) -> Experiment:
        """The experiment."""
        return self.asked.experiment

    @property
    def earlier_url(self) -> str:
        """Where the page before is; "": this is the first."""
        return self._url(self.earlier)

    @property
    def later_url(self) -> str:
        """Where the page after is; "": this is the last."""
        return self._url(self.later)

    def _url(self, query: str) -> str:
        return reverse("experiments:experiment-outputs", args=[self.experiment.uid]) + query if query else ""

    @property
    def names(self) -> list[tuple[Run, str]]:
        """The runs of the columns with their names."""
        return [(run, row_name(run)) for run in self.asked.runs]

    @property
    def is_exact(self) -> bool:
        """Whether the counts are of what the filters leave."""
        return self.asked.exact is not None

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is on that may leave nothing."""
        return not self.asked.sought.is_anything or self.asked.mode != Mode.ALL

    @property
    def total(self) -> int:
        """How many items the mode has."""
        return self.asked.outputs.count(self.asked.mode)

    @property
    def drawer_values(self) -> str:
        """What the drawer is told: the filters, and the frozen list of the items behind it."""
        sought = self.asked.sought
        given = {"mode": self.asked.mode.value, "tag": sought.tag, "split": sought.split, "text": sought.text}
        scorer = self.asked.scorer.name if self.asked.scorer else ""
        kept = {name: value for name, value in {**given, "scorer": scorer}.items() if value}
        runs = [str(run.uid) for run in self.asked.runs]
        return json.dumps({**kept, "run": runs, "list": ".".join(map(str, self.found.positions))})


def fitting(text: str, most: int) -> str:
    """Return the beginning of a text that is sent, escaped, in about so many bytes; cut where it is longer."""
    shown = text[:most]
    while (size := len(escape(shown).encode())) > most:
        shown = shown[: min(len(shown) - 1, len(shown) * most // size)]
    return shown if len(shown) == len(text) else f"{shown}…"


def _first(found: Found) -> int | None:
    return found.positions[0] if found.positions else found.looked_to


def _last(found: Found) -> int | None:
    return found.looked_to if found.looked_to is not None else found.positions[-1]


def _shown(row: Row, outputs: Outputs, width: int, mode: Mode) -> ShownRow:
    cells = [ShownCell(cell, outputs.scorers, outputs.is_of_one, outputs.is_share, width) for cell in row.cells]
    return ShownRow(row, cells, mode)


def _chips(asked: Asked, request: HttpRequest) -> list[ModeChip]:
    return [
        ModeChip(
            mode,
            asked.outputs.count(mode),
            query_with(request, **PLACE | {"mode": None if mode == Mode.ALL else mode.value}),
            mode == asked.mode,
        )
        for mode in Mode
    ]


@dataclass(frozen=True)
class OutputsPage:
    """The page."""

    grid: OutputsGrid
    close_url: str
    """Where closing the drawer leads."""
    drawer_url: str
    """Where the open drawer's content is; "": it is closed."""

    @classmethod
    def build(cls, experiment: Experiment, request: HttpRequest) -> "OutputsPage":
        """Return the page that the query asks for."""
        grid = OutputsGrid.build(experiment, request)
        address = reverse("experiments:experiment-outputs", args=[experiment.uid])
        return cls(grid, address + grid.query, _drawer_url(grid, request))

    @property
    def is_live(self) -> bool:
        """Whether results may still come."""
        return any(not run.is_finished for run in self.grid.asked.runs)

    @property
    def most_columns(self) -> int:
        """How many candidates fit beside each other."""
        return MOST_COLUMNS


def _drawer_url(grid: OutputsGrid, request: HttpRequest) -> str:
    wanted = request.GET.get("result", "")
    found = result_at(grid.experiment.runs.all(), wanted) if wanted else None
    if found is None:
        return ""
    run, result = found
    place = ".".join(map(str, grid.found.positions))
    address = reverse("runs:result-detail", args=[run.uid, result.ordinal])
    return address + query_with(request, result=None, list=place)
