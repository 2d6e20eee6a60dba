"""The health check."""

import httpx
import pytest
from django.db import DatabaseError, connection
from django.test import Client


@pytest.mark.django_db
def test_healthz_without_signing_in_answers_ok(client: Client) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_healthz_without_a_database_answers_unavailable(client: Client) -> None:
    def refuse(*args: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})


def test_healthz_over_http_answers_ok(live_site: str) -> None:
    answer = httpx.get(f"{live_site}/healthz")

    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer.headers["cache-control"]
