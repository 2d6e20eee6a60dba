"""The health check."""

from functools import partial

import httpx
import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from evalsite import health
from runs.live.liveness import WorkerWatch
from runs.live.watching import living_host
from runs.models import Lane, LaneKind
from tests.factories import LaneFactory
from tests.fakes import FakeClock


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


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """A host that beats whenever somebody waits to see it; the clock says how long they waited."""
    clock, host = FakeClock(), LaneFactory(kind=LaneKind.HOST)

    def sleep(seconds: float) -> None:
        clock.now += seconds
        Lane.objects.beat_once(host.pk)

    watch = WorkerWatch(look=partial(living_host, clock=clock, sleep=sleep), clock=clock)
    monkeypatch.setattr(health, "workers", watch)
    return clock


@pytest.mark.both
@pytest.mark.django_db
def test_readyz_with_a_worker_answers_ready(client: Client, worker: FakeClock) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (200, b"ready\n")


@pytest.mark.django_db
def test_readyz_without_a_worker_says_how_to_start_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "workers", WorkerWatch())

    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (
        503,
        b"workers: no host's beat moves; start one with `evalsite worker`\n",
    )


@pytest.mark.django_db
def test_readyz_with_missing_migrations_names_the_command(client: Client, worker: FakeClock) -> None:
    MigrationRecorder(connection).record_unapplied("runs", "0001_initial")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"migrations: 1 not applied; run `evalsite migrate`\n")


@pytest.mark.django_db
def test_readyz_without_a_database_says_nothing_else(client: Client) -> None:
    def refuse(*args: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"database: does not answer\n")
