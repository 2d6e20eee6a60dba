"""What the grid of outputs shows as a file: a line each result, item by item, with the whole answer and every score."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from experiments.models import ScorerSpec
from runs.models import Run
from runs.result_addresses import address_of
from scoring.boards.leaderboard import row_name
from scoring.exports.results import record_of, result_header
from scoring.grid.queries import Asked
from scoring.grid.search import Place, page_of
from scoring.judging.judged_results import JudgedResult, items_at_once, judged_at
from scoring.rating.score_json import plain_score

ITEMS_AT_ONCE = 1_000


def output_csv(asked: Asked, *, is_for_spreadsheets: bool = False) -> Iterator[str]:
    """Yield the header and a record a result of what is asked for."""
    yield result_header(asked.scorers, is_for_spreadsheets=is_for_spreadsheets)
    for run, judged in _judged(asked):
        yield record_of(run, judged, asked.scorers, is_for_spreadsheets=is_for_spreadsheets)


def output_jsonl(asked: Asked) -> Iterator[str]:
    """Yield a JSON object a line, one a result of what is asked for."""
    for run, judged in _judged(asked):
        yield json.dumps(_object(run, judged, asked.scorers), ensure_ascii=False) + "\n"


def _object(run: Run, judged: JudgedResult, specs: Sequence[ScorerSpec]) -> dict[str, Any]:
    item = judged.item
    return {
        "candidate": row_name(run),
        "item": item.key,
        "trial": judged.trial,
        "outcome": judged.outcome,
        "detail": judged.detail,
        "input": item.input,
        "expected": item.expected,
        "output": judged.output,
        "scores": {spec.name: [plain_score(one) for one in judged.scores.get(spec.pk, [])] for spec in specs},
        "tokens_in": judged.tokens_in,
        "tokens_out": judged.tokens_out,
        "cost_usd": None if judged.cost_usd is None else float(judged.cost_usd),
        "latency_ms": judged.latency_ms,
        "tags": list(item.tag_list),
        "split": item.split,
        "result": address_of(run, judged.ordinal),
    }


def _judged(asked: Asked) -> Iterator[tuple[Run, JudgedResult]]:
    trials = min(asked.experiment.trials, max((run.trials for run in asked.runs), default=1))
    step = items_at_once(asked.runs, trials)
    for positions in positions_of(asked):
        yield from judged_at(asked.runs, asked.scorers, positions[:1], trials)  # alone: the download begins at once
        for start in range(1, len(positions), step):
            yield from judged_at(asked.runs, asked.scorers, positions[start : start + step], trials)


def positions_of(asked: Asked) -> Iterator[list[int]]:
    """Yield the positions that are asked for, some at a time."""
    place = Place()
    while True:
        found = page_of(asked.outputs, asked.mode, place, ITEMS_AT_ONCE, asked.to_look_for)
        if found.positions:
            yield found.positions
        if not found.has_later:
            return
        place = Place(after=found.looked_to if found.looked_to is not None else found.positions[-1])
