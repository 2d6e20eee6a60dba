"""The table of figures: for the terminal, for the documentation, as JSON."""

import json
from pathlib import Path

import pytest

from benchmarks.table import BEGIN, END, Row, as_text, write_json, write_markdown

ROWS = [
    Row("ratio", "1.043", "<= 1.05", is_met=True),
    Row("floor", "1.03"),
    Row("CPU", "0.5 ms", "<= 0.45 ms", is_met=False),
]


def test_text_has_a_line_for_each_figure_with_its_mark() -> None:
    lines = as_text(ROWS).splitlines()

    assert [line.split()[-1] for line in lines[1:]] == ["met", "1.03", "missed"]


def test_markdown_replaces_what_is_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")

    write_markdown(page, ROWS, "Heading:")

    text = page.read_text(encoding="utf-8")
    assert "old" not in text
    assert "| ratio | 1.043 | <= 1.05 | met |" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")


def test_markdown_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing", encoding="utf-8")

    with pytest.raises(ValueError, match="lacks the marks"):
        write_markdown(page, ROWS, "Heading:")


def test_json_holds_every_row(tmp_path: Path) -> None:
    write_json(tmp_path / "new" / "bench.json", ROWS)

    assert [row["mark"] for row in json.loads((tmp_path / "new" / "bench.json").read_text())] == ["met", "", "missed"]
