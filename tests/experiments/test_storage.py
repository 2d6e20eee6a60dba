"""Fast writing of the hot tables comes to the same rows as the ORM."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from experiments.storage import RowBuilder, columns_of, insert, insert_missing
from runs.lanes.records import dumps
from runs.models import FailedAttempt, Result, Transcript
from scoring.models import Score

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
TEXT = 'é 漢 "quoted"\ttab\nline \\ backslash \\N'
RESULT = {
    "id": 5 << 32 | 7,
    "item_id": 3,
    "trial": 1,
    "outcome": "truncated",
    "detail": TEXT,
    "preview": "four",
    "tokens_in": 2**40,
    "cost_usd": Decimal("0.123456789"),
    "latency_ms": 12,
    "wait_ms": 3,
    "attempt_count": 2,
    "request_hash": bytes(range(16)),
    "reused_from": 2**62,
    "stages": [["generate", "ok", 1.5, 0]],
    "finished_at": NOW,
}
TRANSCRIPT = {"result_id": 5 << 32, "body": [{"role": "user", "parts": [{"text": TEXT}]}], "raw_response": TEXT}
ATTEMPT = {"result_id": 9, "outcome": "timeout", "billed": "possibly", "cost_usd": Decimal("1.5"), "made_at": NOW}
SCORE = {
    "uid": uuid.UUID(int=7),
    "result_id": 5 << 32,
    "scorer_id": 4,
    "value": 0.1,
    "label": "right",
    "extracted": "",
    "metadata": {"a": [1, None]},
    "created_at": NOW,
}
CASES = [(Result, RESULT), (Transcript, TRANSCRIPT), (FailedAttempt, ATTEMPT), (Score, SCORE)]


def row_of(model: type[models.Model], values: dict[str, Any]) -> tuple[Any, ...]:
    """Return values as a row for `insert`: JSON as text."""
    as_text = {field.attname for field in model._meta.concrete_fields if isinstance(field, models.JSONField)}
    return RowBuilder(model)(**{name: dumps(value) if name in as_text else value for name, value in values.items()})


def stored(row: models.Model) -> dict[str, Any]:
    """Return every column of a stored row but an automatic key."""
    row.refresh_from_db()
    names = columns_of(type(row), with_id=False)
    return {name: bytes(value) if isinstance(value := getattr(row, name), memoryview) else value for name in names}


@pytest.mark.parametrize(("model", "values"), CASES)
def test_insert_stores_what_the_orm_stores(model: type[models.Model], values: dict[str, Any]) -> None:
    by_orm = model(**values)
    by_orm.save()
    expected = stored(by_orm)
    model.objects.all().delete()  # type: ignore[attr-defined]

    insert(model, [row_of(model, values)])

    assert stored(model.objects.get()) == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(("model", "values"), CASES)
def test_insert_of_bare_rows_stores_the_defaults_of_the_orm(model: type[models.Model], values: dict[str, Any]) -> None:
    needed = {name: values[name] for name in ("id", "item_id", "result_id", "scorer_id") if name in values}
    needed |= {name: NOW for name in ("finished_at", "made_at", "created_at") if name in values}
    by_orm = model(**needed)
    by_orm.save()
    expected = stored(by_orm)
    model.objects.all().delete()  # type: ignore[attr-defined]

    insert(model, [row_of(model, needed)])

    assert stored(model.objects.get()) == expected  # type: ignore[attr-defined]


def test_columns_of_names_every_column_but_automatic_keys() -> None:
    assert columns_of(Score, with_id=False) == columns_of(Score, with_id=True)[1:]
    assert columns_of(Result, with_id=False)[0] == "id"


def test_insert_of_nothing_writes_nothing() -> None:
    insert(Result, [])

    assert not Result.objects.exists()


def test_insert_of_a_key_that_is_there_leaves_nothing_behind() -> None:
    there = row_of(Result, RESULT)
    insert(Result, [there])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(Result, [row_of(Result, RESULT | {"id": 1}), there])

    assert list(Result.objects.values_list("pk", flat=True)) == [RESULT["id"]]


def test_insert_missing_says_what_it_wrote() -> None:
    insert(Result, [row_of(Result, RESULT)])
    other = row_of(Result, RESULT | {"id": 1})

    written = insert_missing(Result, [row_of(Result, RESULT | {"preview": "five"}), other])

    assert written == {1}
    assert Result.objects.get(pk=RESULT["id"]).preview == "four"
