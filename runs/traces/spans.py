"""Spans of runs, results and calls, and events of scores, for OpenTelemetry; an extra (`pip install evalsite[otel]`).

A result's spans are made when it is through, from what its job noted: nothing is done on the way. A run's trace has
the run's own id, so that every lane, on whatever host, adds to the same one. No text of prompts or answers leaves.
"""

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from runs.execution import Attempt, Job
from runs.traces import names

if TYPE_CHECKING:
    from opentelemetry._logs import Logger
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from runs.models import Run

logger = logging.getLogger(__name__)

FLUSH_MS = 2_000
LOW_64 = 2**64 - 1
Attributes = dict[str, Any]


class Verdict(Protocol):
    """What a scorer found, as far as it is told."""

    value: float | None
    label: str
    error: str


class ScoreFound(Protocol):
    """A score of a job."""

    verdict: Any

    @property
    def name(self) -> str:
        """The scorer's name."""
        ...


class Ids(Protocol):
    """Where a span's ids come from when they are not drawn by lot."""

    def use(self, trace_id: int, span_id: int) -> None:
        """Give these to the next span that this thread begins."""


class Traces:
    """Tells of runs and results. Clocks and chance are passed in, so that tests need neither."""

    def __init__(
        self,
        tracer: "Tracer",
        events: "Logger",
        ids: Ids,
        *,
        sample: float = 1.0,
        flush: Callable[[], object] = bool,
        close: Callable[[], object] = bool,
        chance: Callable[[], float] = random.random,
        wall_ns: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`sample` is the share of results that are told of, 0 to 1; by `clock` calls note when they begin."""
        self._tracer, self._events, self._ids = tracer, events, ids
        self._sample, self._chance = sample, chance
        self._wall_ns, self._clock = wall_ns, clock
        self.flush = flush
        """Sends what waits to be sent."""
        self.close = close
        """Ends the threads that send."""

    def result(self, job: Job) -> None:
        """Tell of a result that is through, if chance wants it."""
        if self._chance() >= self._sample:
            return
        end_ns = self._wall_ns()
        start_ns = end_ns - round(sum(stage.ms + stage.wait_ms for stage in job.stages) * 1_000_000)
        context = _inside_run(UUID(job.run.uid))
        span = self._tracer.start_span("result", context, attributes=_of_result(job), start_time=start_ns)
        inside = _inside(span)
        for attempt in job.attempts:
            self._call(job, inside, attempt.began_s, attempt.latency_ms, _of_attempt(attempt))
        evaluated = inside
        if job.completion is not None and job.reused_from is None:
            evaluated = self._call(job, inside, job.called_s, job.latency_ms or 0, _of_answer(job))
        for score in job.scores:
            self._score(score, evaluated, end_ns)
        span.end(end_ns)

    def run_ended(self, run: "Run") -> None:
        """Tell of a run that has ended, whichever way."""
        from opentelemetry.context import Context

        if run.started_at is None or run.completed_at is None:
            return
        self._ids.use(run.uid.int, _span_id(run.uid))
        told = {names.RUN_ID: str(run.uid), names.RUN_NAME: run.name, names.RUN_STATUS: run.status}
        start_ns, end_ns = (round(moment.timestamp() * 1e9) for moment in (run.started_at, run.completed_at))
        self._tracer.start_span("run", Context(), attributes=told, start_time=start_ns).end(end_ns)

    def _call(self, job: Job, context: "Context", began_s: float, latency_ms: int, attributes: Attributes) -> "Context":
        """Tell of one call and return the context of what belongs to it."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        start_ns = self._wall_ns() - round((self._clock() - began_s) * 1e9)
        name = f"{names.CHAT} {job.run.config['model']}"
        told = {**_of_request(job), **attributes}
        span = self._tracer.start_span(name, context, SpanKind.CLIENT, told, start_time=start_ns)
        if names.ERROR_TYPE in attributes:
            span.set_status(Status(StatusCode.ERROR))
        span.end(start_ns + latency_ms * 1_000_000)
        return _inside(span)

    def _score(self, score: ScoreFound, context: "Context", at_ns: int) -> None:
        verdict: Verdict = score.verdict
        told = {names.EVALUATION_NAME: score.name, names.EVALUATION_VALUE: verdict.value}
        told |= {names.EVALUATION_LABEL: verdict.label or None}
        told |= {names.ERROR_TYPE: "scorer_error" if verdict.error else None}
        self._events.emit(timestamp=at_ns, context=context, event_name=names.EVALUATION_RESULT, attributes=_known(told))


def traced(store: Callable[[Job], None]) -> Callable[[Job], None]:
    """Return `store` as it is, or, where traces are wanted, one that tells of each job first."""
    traces = traces_of_site()
    if traces is None:
        return store

    def tell_and_store(job: Job) -> None:
        try:
            traces.result(job)
        except Exception:  # no result may be lost for what is told of it
            logger.exception("a result could not be traced", extra={"run": job.run.uid, "result": job.address})
        store(job)

    return tell_and_store


def flush_traces() -> None:
    """Send what waits to be sent, for at most two seconds; a lane's process may end without another chance."""
    traces = traces_of_site()
    if traces is not None:
        traces.flush()


def tell_of_ended_run(sender: object, run: "Run", **_: object) -> None:  # noqa: ARG001 - as signals are received
    """Tell of a run that has ended, whatever becomes of that."""
    traces = traces_of_site()
    if traces is not None:
        traces.run_ended(run)


def traces_of_site() -> Traces | None:
    """Return this process's traces; None: they are off."""
    return _traces_of(os.getpid()) if settings.OTEL else None


@cache
def _traces_of(_pid: int) -> Traces:
    """Return the traces of a process: what sends them is a thread, which no fork takes along."""
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    spans, events = BatchSpanProcessor(OTLPSpanExporter()), BatchLogRecordProcessor(OTLPLogExporter())
    return traces_to(spans, events, sample=settings.OTEL_SAMPLE)


def traces_to(spans: Any, events: Any, **options: Any) -> Traces:
    """Return traces that hand their spans and events to these processors of OpenTelemetry's SDK."""
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    ids = _run_ids()
    service = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "evalsite")})
    tracers = TracerProvider(sampler=ALWAYS_ON, resource=service, id_generator=ids, shutdown_on_exit=False)
    tracers.add_span_processor(spans)
    loggers = LoggerProvider(resource=service, shutdown_on_exit=False)
    loggers.add_log_record_processor(events)

    def send() -> None:
        tracers.force_flush(FLUSH_MS)
        loggers.force_flush(FLUSH_MS)

    def flush() -> None:
        """The SDK's own time limit does not hold while a collector is away and it tries again."""
        sending = threading.Thread(target=send, name="traces", daemon=True)
        sending.start()
        sending.join(FLUSH_MS / 1000)

    def close() -> None:
        tracers.shutdown()
        loggers.shutdown()

    options |= {"flush": flush, "close": close}
    return Traces(tracers.get_tracer("evalsite"), loggers.get_logger("evalsite"), ids, **options)


def _run_ids() -> Any:
    """Return a source of ids that can be told the next ones."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RunIds(RandomIdGenerator):
        """Draws ids by lot, but for those that a run has of its own."""

        def __init__(self) -> None:
            self._next = threading.local()

        def use(self, trace_id: int, span_id: int) -> None:
            """Give these to the next span that this thread begins."""
            self._next.trace, self._next.span = trace_id, span_id

        def generate_trace_id(self) -> int:
            """Return the id of a trace."""
            return int(self._next.__dict__.pop("trace", 0)) or super().generate_trace_id()

        def generate_span_id(self) -> int:
            """Return the id of a span."""
            return int(self._next.__dict__.pop("span", 0)) or super().generate_span_id()

    return RunIds()


def _span_id(uid: UUID) -> int:
    """Return the id of a run's span; a version 4 UUID's lower half is never 0."""
    return uid.int & LOW_64


def _inside_run(uid: UUID) -> "Context":
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    run = SpanContext(uid.int, _span_id(uid), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(run))


def _inside(span: Any) -> "Context":
    from opentelemetry.trace import set_span_in_context

    return set_span_in_context(span)


def _of_result(job: Job) -> Attributes:
    return _known(
        {
            names.RUN_ID: job.run.uid,
            names.RESULT_ID: job.address,
            names.ITEM_KEY: job.case.key,
            names.TRIAL: job.trial,
            names.OUTCOME: job.outcome,
            names.REUSED: job.reused_from is not None,
            names.WAIT_MS: job.wait_ms,
            names.COST_USD: None if job.cost_usd is None else float(job.cost_usd),
        }
    )


def _of_request(job: Job) -> Attributes:
    config = job.run.config
    url = urlsplit(config.get("base_url") or "")
    params: Mapping[str, Any] = config.get("params") or {}
    return _known(
        {
            names.OPERATION_NAME: names.CHAT,
            names.PROVIDER_NAME: config["kind"],
            names.REQUEST_MODEL: config["model"],
            names.REQUEST_TEMPERATURE: params.get("temperature"),
            names.REQUEST_MAX_TOKENS: params.get("max_tokens"),
            names.SERVER_ADDRESS: url.hostname,
            names.SERVER_PORT: url.port,
        }
    )


def _of_answer(job: Job) -> Attributes:
    answer = job.completion
    if answer is None:
        return {}
    return _known({names.USAGE_INPUT_TOKENS: answer.tokens_in, names.USAGE_OUTPUT_TOKENS: answer.tokens_out})


def _of_attempt(attempt: Attempt) -> Attributes:
    return _known({names.ERROR_TYPE: attempt.outcome or "cancelled", names.HTTP_STATUS: attempt.status})


def _known(attributes: Attributes) -> Attributes:
    """Return the attributes that have a value: what is unknown is left out."""
    return dict(_with_value(attributes))


def _with_value(attributes: Attributes) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in attributes.items() if value is not None)
