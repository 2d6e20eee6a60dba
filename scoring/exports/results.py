"""The results behind a board as a CSV file: a line each, with the item, the answer and every score."""

from collections.abc import Iterator, Sequence
from typing import Any

from experiments.models import ScorerSpec
from experiments.rows.new_items import text_of
from experiments.rows.writing_rows import TAG_SEPARATOR, csv_record
from runs.models import Run
from runs.result_addresses import address_of
from scoring.boards.leaderboard import Board, row_name
from scoring.judging.judged_results import JudgedResult, Said, judged_results

ITEM = ("candidate", "item", "trial", "outcome", "detail", "input", "expected", "output")
MEASURED = ("tokens_in", "tokens_out", "cost_usd", "latency_ms", "first_token_ms", "tokens_per_s")
PLACE = ("tags", "split", "result")


def result_lines(board: Board, *, is_for_spreadsheets: bool = False) -> Iterator[str]:
    """Yield the header and a record a result, candidate by candidate in the order of the board.

    What is unknown, or was not judged, is an empty cell. `is_for_spreadsheets` puts an apostrophe before cells that a
    spreadsheet would take for formulas; without it every text stands as it is.
    """
    specs = list(board.experiment.scorers.filter(removed_at=None))
    yield result_header(specs, is_for_spreadsheets=is_for_spreadsheets)
    for entry in board.entries:
        for judged in judged_results(entry.run, specs):
            yield record_of(entry.run, judged, specs, is_for_spreadsheets=is_for_spreadsheets)


def result_header(specs: Sequence[ScorerSpec], *, is_for_spreadsheets: bool = False) -> str:
    """Return the first line of a file of results."""
    return csv_record([*ITEM, *_score_columns(specs), *MEASURED, *PLACE], is_for_spreadsheets=is_for_spreadsheets)


def record_of(run: Run, judged: JudgedResult, specs: Sequence[ScorerSpec], *, is_for_spreadsheets: bool = False) -> str:
    """Return the line of one result."""
    return csv_record(_cells(run, judged, specs), is_for_spreadsheets=is_for_spreadsheets)


def _score_columns(specs: Sequence[ScorerSpec]) -> list[str]:
    return [f"score.{spec.name}{part}" for spec in specs for part in ("", ".label", ".explanation")]


def _cells(run: Run, judged: JudgedResult, specs: Sequence[ScorerSpec]) -> list[str]:
    item = judged.item
    scores = [cell for spec in specs for cell in _score_cells(judged.scores.get(spec.pk, []))]
    measured = [_number(getattr(judged, name)) for name in MEASURED]
    asked = [text_of(item.input), text_of(item.expected), judged.output]
    place = [TAG_SEPARATOR.join(item.tag_list), item.split, address_of(run, judged.ordinal)]
    return [
        row_name(run),
        item.key,
        str(judged.trial),
        judged.outcome,
        judged.detail,
        *asked,
        *scores,
        *measured,
        *place,
    ]


def _score_cells(scores: Sequence[Said]) -> list[str]:
    """Return value, label and explanation; of several people the mean, and how many they are."""
    values = [score.value for score in scores if score.value is not None]
    value = sum(values) / len(values) if values else None
    if len(scores) != 1:
        return [_number(value), f"{len(scores)} people" if scores else "", ""]
    return [_number(value), scores[0].label, scores[0].error or scores[0].explanation]


def _number(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}" if hasattr(value, "normalize") else f"{value}"
