"""The leaderboard in the terminal."""

import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from experiments.models import Experiment
from experiments.wording import dollars
from scoring.boards.forecast import forecast_of, sentence_of
from scoring.boards.leaderboard import Board, Entry
from scoring.boards.requirements import Met

NONE = "—"
CANDIDATE = "candidate"
NAME_LEAST = 12
GAP = 2
SPARED = ("p50", "$/1000", "95 %", "right", "p95", "errors")
"""What a narrow terminal does without, in this order."""


def print_board(console: Console, board: Board) -> None:
    """Print the board as a table that fits the terminal, with what it rests on below."""
    columns = {heading: cells for heading, cells in _columns(board).items() if set(cells[1:]) != {NONE}}
    names = max(map(len, columns[CANDIDATE]))
    while _width(columns) + names > console.width and (spare := [name for name in SPARED if name in columns]):
        del columns[spare[0]]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0))
    for heading in columns:
        is_name = heading == CANDIDATE
        table.add_column(
            heading,
            justify="left" if is_name else "right",
            no_wrap=True,
            max_width=max(NAME_LEAST, console.width - _width(columns)) if is_name else None,
        )
    for row in zip(*[cells[1:] for cells in columns.values()], strict=True):
        table.add_row(*[Text(cell) for cell in row])
    console.print(table)
    console.print(Text(_footnote(board), style="dim"))


def print_requirements(console: Console, required: Sequence[Met]) -> None:
    """Print each requirement with its figure, a line each; those that are not met stand out."""
    for one in required:
        mark, style = ("✓", "dim") if one.is_met else ("✗", "red")
        console.print(Text(f"{mark} {printable(one.sentence)}", style=style))


def _columns(board: Board) -> dict[str, list[str]]:
    """Return the cells of each column, its heading first."""
    entries, names = board.entries, list(board.scoring_config["weights"])
    columns = {
        "#": [str(entry.rank or NONE) for entry in entries],
        CANDIDATE: [_name(entry) for entry in entries],
        "score": [_score(entry.weighted_score) for entry in entries],
        "95 %": [_range(entry) for entry in entries],
    }
    if len(names) == 1:
        columns["right"] = [_right(entry, names[0]) for entry in entries]
    for name in names if len(names) > 1 else []:
        columns[name] = [_cell(entry, name) for entry in entries]
    columns |= {
        "n": [str(entry.n) for entry in entries],
        "errors": [str(entry.totals.error_count) for entry in entries],
        "$/1000": [_money(entry.totals.cost_per_1000_usd) for entry in entries],
        "p50": [_time(entry.totals.p50_ms) for entry in entries],
        "p95": [_time(entry.totals.p95_ms) for entry in entries],
    }
    return {heading: [heading, *cells] for heading, cells in columns.items()}


def _width(columns: dict[str, list[str]]) -> int:
    """Return the width of a table without the names of the candidates."""
    widths = [max(map(len, cells)) for heading, cells in columns.items() if heading != CANDIDATE]
    return sum(widths) + GAP * len(widths)


def _cell(entry: Entry, name: str) -> str:
    """Return a scorer's mean: of 100 where its range is 0 to 1, else in its own unit."""
    cell = entry.scores.get(name)
    if cell is None or cell.value is None:
        return NONE
    return f"{cell.value * 100:.1f}" if cell.is_share else f"{cell.value:,.4g}"


def _name(entry: Entry) -> str:
    name = entry.run.candidate.name if entry.run.candidate else entry.run.name
    marks = [entry.run.status] if entry.is_provisional else []
    marks += [f"missing: {', '.join(entry.missing)}"] if entry.missing else []
    marks += [f"partial: {scorer} {n} of {items}" for scorer, (n, items) in entry.partial.items()]
    return printable(f"{name} ({'; '.join(marks)})" if marks else name)


def _right(entry: Entry, name: str) -> str:
    """How many items were right, where every item's value is 0 or 1; else nothing."""
    cell = entry.scores.get(name)
    if cell is None or cell.value is None:
        return NONE
    right = cell.value * cell.n
    return str(round(right)) if abs(right - round(right)) < 1e-6 else NONE


def _score(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f}"


def _range(entry: Entry) -> str:
    if entry.low is None or entry.high is None:
        return NONE
    return f"{entry.low * 100:.1f} to {entry.high * 100:.1f}"


def _money(usd: Decimal | None) -> str:
    return NONE if usd is None else dollars(usd)


def _time(ms: int | None) -> str:
    if ms is None:
        return NONE
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


def _footnote(board: Board) -> str:
    version = board.experiment.dataset_version
    weights = " + ".join(f"{name} × {weight:g}" for name, weight in board.scoring_config["weights"].items() if weight)
    trials = board.experiment.trials
    parts = [f"{version}" if version else "ad-hoc runs", f"score: {weights or 'no weights'}, 0 to 100"]
    parts += [f"{trials} trials an item"] if trials > 1 else []
    parts += [f"errors {board.experiment.get_errors_policy_display()}", "intervals 95 %, items as units"]
    return printable(" · ".join(parts))


def printable(text: str) -> str:
    """Return text without control characters: what a model or a file says must not steer the terminal."""
    return "".join(mark for mark in text if not unicodedata.category(mark).startswith("C"))


def print_forecast(console: Console, experiment: Experiment) -> None:
    """Print what each candidate will cost in all, where priced results exist."""
    known = [one for one in forecast_of(experiment) if one.cost_usd is not None]
    for one in known:
        console.print(f"  {printable(one.candidate)}: {sentence_of(one)}", markup=False)
    if known and experiment.budget_usd is not None:
        console.print(f"budget: {dollars(experiment.budget_usd)}", markup=False)
