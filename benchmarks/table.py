"""The table: each figure beside what is to be reached, as text, as Markdown and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    figure: str
    value: str
    goal: str = ""
    """What is to be reached; "": nothing, the figure is there to compare with."""
    is_met: bool | None = None
    """None: there is no goal."""

    @property
    def mark(self) -> str:
        """Whether the goal is met, in a word."""
        return "" if self.is_met is None else "met" if self.is_met else "missed"


def as_text(rows: Sequence[Row]) -> str:
    """Return the table for a terminal."""
    lines = [("figure", "measured", "goal", ""), *((row.figure, row.value, row.goal, row.mark) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table for the documentation."""
    head = "| figure | measured | goal | |\n|---|---:|---:|---|"
    return "\n".join([head, *(f"| {row.figure} | {row.value} | {row.goal} | {row.mark} |" for row in rows)])


def write_markdown(page: Path, rows: Sequence[Row], heading: str) -> None:
    """Put the table between the marks of a page. Raises ValueError where the marks are missing."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{heading}\n\n{as_markdown(rows)}\n{END}{after}", encoding="utf-8")


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as a list of objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) | {"mark": row.mark} for row in rows], indent=2) + "\n", encoding="utf-8")
