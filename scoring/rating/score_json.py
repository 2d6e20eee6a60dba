"""Scores and ratings as JSON: the same form wherever the API shows them."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model

from runs.models import Result, Run
from runs.result_addresses import address_of
from scoring.judging.judged_results import Said
from scoring.models import RunRating, Score


def scores_of(run: Run, rows: Iterable[Score]) -> list[dict[str, Any]]:
    """Return scores as the API shows them: those of the revisions in force."""
    specs = {spec.pk: spec for spec in run.experiment.scorers.filter(removed_at=None)}
    kept = [row for row in rows if row.scorer_id in specs and row.revision == specs[row.scorer_id].revision]
    authors = get_user_model().objects.in_bulk({row.author for row in kept if row.author})
    return [
        score_shown(run, row, specs[row.scorer_id].name, _name(authors.get(row.author)), specs[row.scorer_id].kind)
        for row in kept
    ]


def score_shown(run: Run, row: Score, scorer: str, author: str | None, kind: str = "person") -> dict[str, Any]:
    """Return one score of a result."""
    return {
        "id": str(row.uid) if row.uid else None,
        "run_id": str(run.uid),
        "result": address_of(run, Result(pk=row.result_id).ordinal),
        "scorer": scorer,
        "source": "person" if row.author else "code",
        "kind": kind,
        "author": author,
        "value": row.value,
        "label": row.label,
        "extracted": row.extracted,
        "explanation": row.explanation,
        "error": row.error,
        "metadata": row.metadata,
        "history": row.history or [],
        "created_at": row.created_at.isoformat(),
    }


def plain_score(row: Said) -> dict[str, Any]:
    """Return what a score says, without its place: files tell it beside the result."""
    names = ("value", "label", "extracted", "explanation", "error")
    return {"source": "person" if row.author else "code"} | {name: getattr(row, name) for name in names}


def rating_shown(rating: RunRating) -> dict[str, Any]:
    """Return one rating of a run as a whole, in the form of a score."""
    return {
        "id": str(rating.uid),
        "run_id": str(rating.run.uid),
        "result": None,
        "scorer": rating.scorer.name,
        "source": "person",
        "kind": rating.scorer.kind,
        "author": _name(rating.author),
        "value": rating.value,
        "label": "",
        "extracted": None,
        "explanation": "",
        "error": "",
        "metadata": rating.metadata,
        "history": rating.history or [],
        "created_at": rating.created_at.isoformat(),
    }


def _name(user: Any) -> str | None:
    return user.get_username() if user else None
