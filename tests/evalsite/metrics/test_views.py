"""The address that Prometheus reads."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from evalsite.metrics.views import _registry
from runs.models import UnitState
from tests.factories import LaneFactory, RunFactory, WorkUnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def new_process(settings: Settings) -> None:
    """Counters that begin anew, for this machine alone."""
    settings.METRICS_TOKEN, settings.METRICS_FROM = "", [ip_network("127.0.0.0/8")]
    _registry.cache_clear()


def samples(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return what the page shows, read as Prometheus reads it."""
    answer = client.get("/metrics")
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def test_metrics_without_signing_in_are_what_prometheus_reads(client: Client) -> None:
    run = RunFactory(status="running", candidate__experiment__project__name='Team "A"\nB')
    calls = {"call": [2, 0, 250.0, {"94": 1, "102": 1}]}
    WorkUnitFactory(run=run, lane=LaneFactory(), state=UnitState.CLAIMED, open_calls=3, ok_count=2, stages=calls)

    shown = samples(client)

    line = {"project": 'Team "A"\nB', "provider": run.provider.name, "kind": run.provider.kind}.items()
    kind = {("kind", run.provider.kind), ("stage", "call")}
    assert shown["evalsite_results_total", frozenset({*line, ("outcome", "ok")})] == 2
    assert shown["evalsite_results_total", frozenset({*line, ("outcome", "timeout")})] == 0
    assert shown["evalsite_calls_in_flight", frozenset(line)] == 3
    assert shown["evalsite_runs", frozenset({("status", "running")})] == 1
    assert shown["evalsite_queue_depth", frozenset()] == 0
    assert shown["evalsite_lanes", frozenset({("kind", "lane"), ("host", "elsewhere")})] == 1
    assert shown["evalsite_stage_seconds_bucket", frozenset({*kind, ("le", "0.1")})] == 1
    assert shown["evalsite_stage_seconds_count", frozenset(kind)] == 2
    assert shown["evalsite_stage_seconds_sum", frozenset(kind)] == 0.25
    assert shown["process_resident_memory_bytes", frozenset()] > 0


def test_metrics_from_elsewhere_are_refused_with_the_way_in(client: Client) -> None:
    answer = client.get("/metrics", REMOTE_ADDR="203.0.113.5")

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "EVALSITE_METRICS_TOKEN" in answer.content.decode()


def test_metrics_in_openmetrics_where_it_is_asked_for(client: Client) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.decode().endswith("# EOF\n")


def test_metrics_without_a_database_answer_unavailable(client: Client) -> None:
    def refuse(*args: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        answer = client.get("/metrics")

    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_metrics_are_not_changed_by_post(client: Client) -> None:
    assert client.post("/metrics").status_code == 405


def test_metrics_are_all_listed_in_the_docs(client: Client) -> None:
    RunFactory(status="running")
    listed = (Path(__file__).resolve().parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")

    names = re.findall(r"^# TYPE (evalsite_\w+)", client.get("/metrics").content.decode(), re.MULTILINE)

    assert len(names) >= 19
    assert [name for name in names if f"`{name}`" not in listed] == []
