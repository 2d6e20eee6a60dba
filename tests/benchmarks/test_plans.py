"""No page, list of the API or admin, or file reads a table of results from one end to the other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.filling import fill
from benchmarks.page_addresses import addresses
from benchmarks.pages import signed_in
from benchmarks.shape import Shape
from runs.models import FailedAttempt, Result, Transcript
from scoring.models import Score

LARGE = tuple(model._meta.db_table for model in (Result, Transcript, FailedAttempt, Score))
SCAN_OF_SQLITE = re.compile(rf"\bSCAN ({'|'.join(LARGE)})\b")
NODE_OF_POSTGRES = re.compile(rf"(?:Seq Scan|Index (?:Only )?Scan.*|Bitmap Heap Scan) on ({'|'.join(LARGE)})\b")


@pytest.mark.both
@pytest.mark.django_db
def test_no_page_scans_a_table_of_results(tmp_path: Path) -> None:
    shape = Shape(candidates=6, items=4, trials=2)  # SQLite searches two ranges one by one, and scans instead of six
    experiment = fill(tmp_path, shape)
    _fail_often()
    client = signed_in(experiment)

    asked = {name: _statements(client, address) for name, address in addresses(experiment)}

    assert {name: scans for name, statements in asked.items() if (scans := list(_scans(statements)))} == {}
    assert len([name for name, statements in asked.items() if statements]) > 30


def test_a_scan_is_told_from_a_search() -> None:
    sqlite = ["SCAN runs_result", "SCAN scoring_score USING INDEX score_once", "SEARCH runs_result USING INDEX (id>?)"]
    postgres = [
        "Seq Scan on runs_result  (cost=0.00..9.10)",
        "Index Scan using key on runs_result  (cost=0.1)\n  Filter: (outcome = 'ok')",
        "Index Scan using key on runs_result  (cost=0.1)\n  Index Cond: (id > 5)\n  Filter: (outcome = 'ok')",
        "Index Scan using result_errors on runs_result  (cost=0.1)\n  Index Cond: (id > 5)",
        "Seq Scan on runs_run  (cost=0.00..9.10)",
    ]

    assert [bool(_scan_of_sqlite(plan)) for plan in sqlite] == [True, True, False]
    assert [bool(_scan_of_postgres(plan)) for plan in postgres] == [True, True, False, False, False]


def _fail_often() -> None:
    """Give each result some failed attempts: PostgreSQL reads a table that it knows to be empty in any way."""
    ids = [pk for pk in Result.objects.values_list("pk", flat=True) for _ in range(5)]
    FailedAttempt.objects.bulk_create(FailedAttempt(result_id=pk, made_at=timezone.now()) for pk in ids)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {FailedAttempt._meta.db_table}")


def _statements(client: Client, address: str) -> list[str]:
    """Return what was asked of the tables of results for an address; of a file up to its first lines."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address, follow=True)
        assert response.status_code == 200, address
        _ = [piece for _, piece in zip(range(2), response, strict=False)]
    asked = [query["sql"] for query in queries]
    return [sql for sql in asked if sql.startswith("SELECT") and any(f'"{table}"' in sql for table in LARGE)]


def _scans(statements: list[str]) -> Iterator[str]:
    """Yield the statements that read a whole table, each with its plan."""
    for sql in statements:
        plan = _plan(sql)
        is_scan = _scan_of_postgres(plan) if connection.vendor == "postgresql" else _scan_of_sqlite(plan)
        if is_scan:
            yield f"{sql}\n{plan}"


def _plan(sql: str) -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")  # there are few rows: a scan is left where nothing else can be
            cursor.execute(f"EXPLAIN {sql.replace('%', '%%')}")
            return "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}")
        return "\n".join(row[3] for row in cursor.fetchall())


def _scan_of_sqlite(plan: str) -> bool:
    return SCAN_OF_SQLITE.search(plan) is not None


def _scan_of_postgres(plan: str) -> bool:
    """Return whether a large table is read without a condition that an index answers."""
    lines = plan.splitlines()
    return any(
        NODE_OF_POSTGRES.search(line) and "Bitmap" not in line and not _has_condition(lines[number + 1 :])
        for number, line in enumerate(lines)
    )


def _has_condition(below: list[str]) -> bool:
    """Return whether the node above these lines has an index condition of its own."""
    own = [line.strip() for line in below]
    return bool(own) and own[0].startswith("Index Cond")
