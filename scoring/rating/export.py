"""All that people said of an experiment's runs and results, by person: as records, and as a CSV file."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import get_user_model

from experiments.models import Experiment
from experiments.rows.writing_rows import csv_record
from runs.models import Run
from runs.result_addresses import address_of
from scoring.boards.leaderboard import row_name
from scoring.models import RunRating, Score

COLUMNS = ("candidate", "item", "trial", "result", "run", "scorer", "person", "value", "comment", "rated_at")
Record = dict[str, Any]


def rating_records(experiment: Experiment) -> Iterator[Record]:
    """Yield one record a rating: those of results in their order, run by run, then those of the run as a whole.

    The person is None where the account was deleted; item, trial and result are None for a run as a whole.
    """
    for run in experiment.runs.select_related("candidate").order_by("pk"):
        yield from _of_results(run)
        yield from _of_run(run)


def ratings_csv(experiment: Experiment) -> str:
    """Return the records as a CSV file with a header."""
    return "".join(_lines(rating_records(experiment)))


def _lines(records: Iterable[Record]) -> Iterator[str]:
    yield csv_record(COLUMNS)
    for record in records:
        yield csv_record(["" if record[name] is None else str(record[name]) for name in COLUMNS])


def _of_results(run: Run) -> Iterator[Record]:
    rows = Score.objects.of_run(run).by_people().filter(turn=0).select_related("scorer", "result__item").order_by()
    scores = sorted(rows, key=lambda score: (score.result_id, score.scorer_id, score.pk))  # SQLite would scan for it
    names = get_user_model().objects.in_bulk({score.author for score in scores})
    for score in scores:
        person, result = names.get(score.author), score.result
        place = {"item": result.item.key, "trial": result.trial, "result": address_of(run, result.ordinal)}
        yield _record(run, score, person, place)


def _of_run(run: Run) -> Iterator[Record]:
    for rating in RunRating.objects.filter(run=run).select_related("scorer", "author").order_by("pk"):
        yield _record(run, rating, rating.author, dict.fromkeys(("item", "trial", "result")))


def _record(run: Run, rating: Score | RunRating, person: Any, place: Record) -> Record:
    return {
        "candidate": row_name(run),
        **place,
        "run": str(run.uid),
        "scorer": rating.scorer.name,
        "person": person.get_username() if person else None,
        "value": rating.value,
        "comment": (rating.metadata or {}).get("comment", ""),
        "rated_at": rating.created_at.isoformat(),
    }
