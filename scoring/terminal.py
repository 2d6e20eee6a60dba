"""The leaderboard in the terminal."""

import unicodedata
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from scoring.leaderboard import Board, Entry

NONE = "—"


def print_board(console: Console, board: Board) -> None:
    """Print the board as a table that fits the terminal, with what it rests on below."""
    names = list(board.scoring_config["weights"])
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("candidate", overflow="ellipsis", no_wrap=True, min_width=8)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("95 %", justify="right", no_wrap=True)
    for name in names if len(names) > 1 else []:
        table.add_column(name, justify="right", no_wrap=True)
    for heading in ("right", "n", "errors", "$/1000", "p50", "p95"):
        if heading != "right" or len(names) == 1:
            table.add_column(heading, justify="right", no_wrap=True)
    for entry in board.entries:
        table.add_row(*_cells(entry, names))
    console.print(table)
    console.print(Text(_footnote(board), style="dim"))


def _cells(entry: Entry, names: list[str]) -> list[Text]:
    totals = entry.totals
    cells = [str(entry.rank or NONE), _name(entry), _score(entry.weighted_score), _range(entry)]
    scores = [entry.scores.get(name) for name in names]
    if len(names) > 1:
        cells += [_score(cell.value if cell else None) for cell in scores]
    else:
        cells.append(_right(entry, names[0]) if names else NONE)
    cells += [str(entry.n), str(totals.error_count), _money(totals.cost_per_1000_usd)]
    cells += [_time(totals.p50_ms), _time(totals.p95_ms)]
    return [Text(cell) for cell in cells]


def _name(entry: Entry) -> str:
    name = entry.run.candidate.name if entry.run.candidate else entry.run.name
    marks = [entry.run.status] if entry.is_provisional else []
    marks += [f"missing: {', '.join(entry.missing)}"] if entry.missing else []
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
    return NONE if usd is None else f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"


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
