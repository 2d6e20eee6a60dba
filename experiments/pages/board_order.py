"""The columns of a board, and its rows in the order of one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from evalsite.tables import Column, Head, ShownTable
from experiments.models import ScorerSpec
from experiments.pages.board_rows import BoardRow

SCORER = "scorer."
FIGURES: dict[str, tuple[str, Callable[[BoardRow], Any], bool]] = {
    "n": ("n", lambda row: row.entry.n, True),
    "errors": ("Errors", lambda row: row.entry.totals.error_count, True),
    "cost": ("$/1000", lambda row: row.entry.totals.cost_per_1000_usd, False),
    "p50": ("p50", lambda row: row.entry.totals.p50_ms, False),
    "p95": ("p95", lambda row: row.entry.totals.p95_ms, False),
}
"""Label, value of a row, whether the largest come first, by column."""


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """The head of one column."""

    label: str
    head: Head | None
    """None: it does not sort."""


def board_columns(scorers: Sequence[ScorerSpec]) -> list[Column]:
    """Return the columns of a board that may be left out: interval, difference, scorers, figures."""
    return [
        Column("interval", "Interval"),
        Column("difference", "vs baseline", "difference"),
        *(Column(f"{SCORER}{one.name}", one.name, "scorer", one.higher_is_better) for one in scorers),
        *(Column(name, label, name, is_down) for name, (label, _, is_down) in FIGURES.items()),
    ]


def heads_of(columns: Sequence[Column], table: ShownTable | None) -> list[BoardColumn]:
    """Return the heads of the scorers and figures that a table shows; without a table all, which do not sort."""
    heads = table.heads if table else {}
    apart = ("interval", "difference")
    shown = [one for one in columns if one.name not in apart and (table is None or one.name in table.shown)]
    return [BoardColumn(one.label, heads.get(one.name)) for one in shown]


def in_order(rows: Sequence[BoardRow], ordering: str) -> list[BoardRow]:
    """Return the rows by a column's values, "-" before its name: downwards; without a value last. "": by rank."""
    if not ordering:
        return list(rows)
    name, is_down = ordering.removeprefix("-"), ordering.startswith("-")
    known = [row for row in rows if _value(row, name) is not None]
    unknown = [row for row in rows if _value(row, name) is None]
    return sorted(known, key=lambda row: _value(row, name), reverse=is_down) + unknown


def _value(row: BoardRow, name: str) -> Any:
    if name == "difference":
        return row.difference.value if row.difference else None
    if name.startswith(SCORER):
        return next((cell.value for cell in row.cells if cell.scorer.name == name.removeprefix(SCORER)), None)
    return FIGURES[name][1](row)
