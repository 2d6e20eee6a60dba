"""A board as JSON: the same form on the command line, in files and in the API."""

from decimal import Decimal
from typing import Any

from experiments.configs import shown
from scoring.boards.leaderboard import Board, Entry, ScorerCell


def board_json(board: Board) -> dict[str, Any]:
    """Return the board as plain JSON values: scores 0 to 1, USD, milliseconds."""
    version = board.experiment.dataset_version
    return {
        "experiment": board.experiment.name,
        "dataset_version": str(version) if version else None,
        "scoring_config": board.scoring_config,
        "total": board.total,
        "entries": [entry_json(entry) for entry in board.entries],
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """Return one row of the board."""
    run, totals = entry.run, entry.totals
    return {
        "rank": entry.rank,
        "run_id": str(run.uid),
        "candidate": run.candidate.name if run.candidate else run.name,
        "model": run.config["model"],
        "config": shown(run.config),
        "config_hash": run.config_hash,
        "status": run.status,
        "weighted_score": entry.weighted_score,
        "low": entry.low,
        "high": entry.high,
        "n": entry.n,
        "results": totals.results,
        "errors": totals.errors,
        "complete": entry.complete,
        "missing": entry.missing,
        "partial": entry.partial,
        "scores": {name: cell_json(cell) for name, cell in entry.scores.items()},
        "cost_usd": _usd(totals.cost_usd),
        "cost_per_1000_usd": _usd(totals.cost_per_1000_usd),
        "tokens_in": totals.tokens_in,
        "tokens_out": totals.tokens_out,
        "p50_ms": totals.p50_ms,
        "p95_ms": totals.p95_ms,
        "first_token_p50_ms": totals.first_token_p50_ms,
        "first_token_p95_ms": totals.first_token_p95_ms,
        "duration_ms": run.duration_ms,
    }


def cell_json(cell: ScorerCell) -> dict[str, Any]:
    """Return what one scorer says of a run."""
    return {"value": cell.value, "low": cell.low, "high": cell.high, "n": cell.n, "none": cell.none}


def _usd(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
