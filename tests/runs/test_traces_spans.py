"""Spans of runs, results and calls, and events of scores: what a collector is told, and what it is not."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from pytest_django import Settings

from runs.execution import Attempt, Job, RunWork, StageTime
from runs.models import Run
from runs.signals import run_ended
from runs.traces import spans as tracing
from runs.traces.spans import Traces, flush_traces, tell_of_ended_run, traced, traces_of_site, traces_to
from scoring.scorers.base import Verdict
from tests.factories import RunFactory
from tests.runs.jobs import a_job, answered

UID = "0b8e5d9c-5f39-4a0b-8a4c-0123456789ab"
CONFIG = {"kind": "openai", "model": "small", "base_url": "https://models.example:8443/v1", "params": {"max_tokens": 9}}
SECRET = "the text of a prompt"
NOW_S, NOW_NS = 50.0, 1_700_000_000_000_000_000


@dataclass
class Score:
    """A score as the score stage notes it."""

    name: str
    verdict: Verdict


@dataclass
class Told:
    """Traces, and what they tell."""

    spans: InMemorySpanExporter
    events: InMemoryLogRecordExporter
    traces: Traces

    @property
    def by_name(self) -> dict[str, ReadableSpan]:
        """The spans by their names."""
        return {span.name: span for span in self.spans.get_finished_spans()}


def telling(**options: Any) -> Told:
    """Return traces to memory, at a moment that stands still."""
    spans, events = InMemorySpanExporter(), InMemoryLogRecordExporter()
    still = {"wall_ns": lambda: NOW_NS, "clock": lambda: NOW_S}
    processors = SimpleSpanProcessor(spans), SimpleLogRecordProcessor(events)
    return Told(spans, events, traces_to(*processors, **{**still, **options}))


def a_result() -> Job:
    """Return a result that was answered at the second call, 300 ms ago, and scored."""
    job = answered(a_job(7, run=RunWork(5, 1000, CONFIG, uid=UID)), text=SECRET)
    job.called_s = NOW_S - 0.2
    job.stages = [StageTime("generate", "ok", 250.0, 40), StageTime("score", "ok", 10.0)]
    job.attempts = [Attempt("rate_limited", SECRET, 429, "no", 30, began_s=NOW_S - 0.3)]
    job.scores = [Score("correct", Verdict(1.0, label="right")), Score("broken", Verdict(None, error="it crashed"))]
    return job


def test_result_is_a_span_in_the_trace_of_its_run() -> None:
    told = telling()

    told.traces.result(a_result())

    span = told.by_name["result"]
    assert span.context.trace_id == UUID(UID).int
    assert span.parent is not None
    assert span.parent.span_id == UUID(UID).int & (2**64 - 1)
    assert (span.end_time, span.end_time - span.start_time) == (NOW_NS, 300_000_000)
    assert dict(span.attributes or {}) == {
        "evalsite.run.id": UID,
        "evalsite.result.id": f"{UID}.7",
        "evalsite.item.key": "item-1",
        "evalsite.trial": 0,
        "evalsite.outcome": "ok",
        "evalsite.reused": False,
        "evalsite.wait_ms": 0,
        "evalsite.cost_usd": 0.005,
    }


def test_calls_are_spans_in_their_result_at_their_times() -> None:
    told = telling()

    told.traces.result(a_result())

    failed, accepted = [span for span in told.spans.get_finished_spans() if span.name == "chat small"]
    request = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small",
        "gen_ai.request.max_tokens": 9,
        "server.address": "models.example",
        "server.port": 8443,
    }
    assert dict(failed.attributes or {}) == {
        **request,
        "error.type": "rate_limited",
        "http.response.status_code": 429,
    }
    assert dict(accepted.attributes or {}) == {
        **request,
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 2,
    }
    assert (failed.kind, failed.status.status_code) == (SpanKind.CLIENT, StatusCode.ERROR)
    assert (accepted.kind, accepted.status.status_code) == (SpanKind.CLIENT, StatusCode.UNSET)
    assert (failed.start_time, failed.end_time) == (NOW_NS - 300_000_000, NOW_NS - 270_000_000)
    assert (accepted.start_time, accepted.end_time) == (NOW_NS - 200_000_000, NOW_NS - 80_000_000)
    assert {span.parent.span_id for span in (failed, accepted) if span.parent} == {
        told.by_name["result"].context.span_id
    }


def test_scores_are_events_of_the_call_they_judge() -> None:
    told = telling()

    told.traces.result(a_result())

    first, second = [record.log_record for record in told.events.get_finished_logs()]
    accepted = told.spans.get_finished_spans()[1]
    assert (first.event_name, first.span_id) == ("gen_ai.evaluation.result", accepted.context.span_id)
    assert dict(first.attributes or {}) == {
        "gen_ai.evaluation.name": "correct",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.score.label": "right",
    }
    assert dict(second.attributes or {}) == {"gen_ai.evaluation.name": "broken", "error.type": "scorer_error"}


def test_texts_never_leave() -> None:
    told = telling()

    told.traces.result(a_result())

    spans = "".join(span.to_json() for span in told.spans.get_finished_spans())
    events = "".join(record.to_json() for record in told.events.get_finished_logs())
    assert SECRET not in spans + events


def test_reused_result_has_no_call() -> None:
    told, job = telling(), a_result()
    job.reused_from, job.attempts = 3, []

    told.traces.result(job)

    assert list(told.by_name) == ["result"]
    assert len(told.events.get_finished_logs()) == 2


def test_sample_tells_of_its_share_of_the_results() -> None:
    lots = iter([0.1, 0.5, 0.2, 0.9])
    told = telling(sample=0.3, chance=lambda: next(lots))

    for _ in range(4):
        told.traces.result(a_result())

    assert sum(span.name == "result" for span in told.spans.get_finished_spans()) == 2


@pytest.mark.django_db
def test_run_that_ends_is_the_span_its_results_lie_in() -> None:
    told, run = telling(), RunFactory()
    job = a_result()
    job.run.uid = str(run.uid)
    told.traces.result(job)
    run.begin()
    run.fail("no such table")

    told.traces.run_ended(run)
    told.traces.result(job)

    first, span, second = (span for span in told.spans.get_finished_spans() if span.name in ("run", "result"))
    assert first.parent == second.parent
    assert (span.context.trace_id, span.context.span_id) == (first.context.trace_id, first.parent.span_id)
    assert (span.parent, dict(span.attributes or {})["evalsite.run.status"]) == (None, "failed")
    assert span.end_time >= span.start_time


@pytest.mark.django_db
def test_run_that_ends_sends_its_signal_once() -> None:
    heard: list[Run] = []
    run = RunFactory(started_at=timezone.now())

    def hear(sender: object, run: Run, **_: object) -> None:
        heard.append(run)

    run_ended.connect(hear)
    run.begin()
    run.cancel("by hand")
    run.cancel("by hand")
    run_ended.disconnect(hear)

    assert heard == [run]


def test_traces_that_are_off_leave_storing_as_it_is(settings: Settings) -> None:
    settings.OTEL = False
    stored: list[Job] = []

    assert traced(stored.append) == stored.append
    assert traces_of_site() is None


def test_result_that_cannot_be_traced_is_stored(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[Job] = []
    job = a_result()
    job.run.uid = "no uuid"
    monkeypatch.setattr(tracing, "traces_of_site", lambda: telling().traces)

    traced(stored.append)(job)

    assert stored == [job]


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent by OTLP over HTTP."""

    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        """Keep one message."""
        self.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base gives it
        """Say nothing."""


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[list[tuple[str, bytes]]]:
    """What a collector on this machine receives; the site's traces go there."""
    handler = type("Kept", (Collector,), {"received": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    settings.OTEL, settings.OTEL_SAMPLE = True, 1.0
    tracing._traces_of.cache_clear()
    yield handler.received  # type: ignore[attr-defined]
    tracing._traces_of(os.getpid()).close()
    tracing._traces_of.cache_clear()
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_collector_receives_run_result_call_and_scores(received: list[tuple[str, bytes]]) -> None:
    stored: list[Job] = []
    run = RunFactory()
    job = a_result()
    job.run.uid = str(run.uid)
    run.begin()

    traced(stored.append)(job)
    run.complete()
    tell_of_ended_run(Run, run=run)
    flush_traces()

    sent = [ExportTraceServiceRequest.FromString(body) for path, body in received if path == "/v1/traces"]
    logs = [ExportLogsServiceRequest.FromString(body) for path, body in received if path == "/v1/logs"]
    spans = [s for message in sent for r in message.resource_spans for scope in r.scope_spans for s in scope.spans]
    events = [e for message in logs for r in message.resource_logs for scope in r.scope_logs for e in scope.log_records]
    assert stored == [job]
    assert sorted(span.name for span in spans) == ["chat small", "chat small", "result", "run"]
    assert {span.trace_id for span in spans} == {run.uid.bytes} == {event.trace_id for event in events}
    assert [event.event_name for event in events] == ["gen_ai.evaluation.result"] * 2
    services = {a.key: a.value.string_value for a in sent[0].resource_spans[0].resource.attributes}
    assert services["service.name"] == "evalsite"
