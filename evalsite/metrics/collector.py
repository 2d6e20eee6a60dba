"""The figures in Prometheus's words. Names and labels are listed in docs/operations.md."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from evalsite.metrics.readings import BOUNDS_S, Counted, Line, LineNow, Reader, Reading, Timed
from evalsite.release import VERSION
from runs.models.units import COUNT_BY_OUTCOME
from runs.queue.depth import queue_depth

LINE = Line._fields
COUNTERS = {
    "reused_count": ("evalsite_results_reused", "Results taken over from an equal earlier request.", 1.0),
    "attempt_count": ("evalsite_attempts", "Calls that were made and not accepted: retried, failed, cut off.", 1.0),
    "unpriced_count": ("evalsite_unpriced", "Results and attempts whose cost is unknown.", 1.0),
    "cost_usd": ("evalsite_cost_usd", "Known cost in US dollars.", 1.0),
    "wait_ms": ("evalsite_limit_wait_seconds", "Time that results waited for limits and retries.", 1000.0),
}
"""Column of the work unit: (name of the counter, what it is, columns's unit in the counter's)."""
TOKENS = {"in": "tokens_in", "out": "tokens_out"}
LINES_NOW: dict[str, tuple[str, Callable[[LineNow], int]]] = {
    "evalsite_calls_in_flight": ("Calls that are open.", lambda now: now.in_flight),
    "evalsite_calls_granted": ("Calls that the lanes may have open.", lambda now: now.granted),
    "evalsite_calls_waiting": ("Calls that wait for the provider's limits.", lambda now: now.waiting),
}


class SiteCollector(Collector):
    """Reads the site's figures when somebody asks for them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def describe(self) -> Iterable[Metric]:
        """Return nothing: the names are not needed before the first reading, and a reading costs queries."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric. Raises DatabaseError."""
        reading = self._reader.read()
        build = GaugeMetricFamily("evalsite_build_info", "This release.", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build
        yield from _runs(reading)
        yield from _results(reading)
        yield from _counters(reading)
        yield from _lines(reading)
        yield _times(reading)
        yield from _beats(reading)
        yield from _queue()


def registry() -> CollectorRegistry:
    """Return a registry of the site's metrics and this process's own (CPU, memory)."""
    found = CollectorRegistry(auto_describe=False)
    found.register(SiteCollector(Reader()))
    ProcessCollector(registry=found)
    return found


def _runs(reading: Reading) -> Iterator[Metric]:
    runs = GaugeMetricFamily("evalsite_runs", "Runs by status.", labels=["status"])
    for status, count in reading.runs.items():
        runs.add_metric([status], count)
    yield runs
    units, results = reading.waiting_units, reading.waiting_results
    yield GaugeMetricFamily("evalsite_units_waiting", "Work units of runnable runs that no lane holds.", value=units)
    yield GaugeMetricFamily("evalsite_results_waiting", "Planned results in those units, at most.", value=results)


def _results(reading: Reading) -> Iterator[Metric]:
    results = CounterMetricFamily("evalsite_results", "Results stored, by outcome.", labels=[*LINE, "outcome"])
    tokens = CounterMetricFamily("evalsite_tokens", "Tokens as providers count them.", labels=[*LINE, "direction"])
    for line in _counted_lines(reading):
        for outcome, column in COUNT_BY_OUTCOME.items():
            results.add_metric([*line, outcome.value], reading.counted[Counted(line, column)])
        for direction, column in TOKENS.items():
            tokens.add_metric([*line, direction], reading.counted[Counted(line, column)])
    yield results
    yield tokens


def _counters(reading: Reading) -> Iterator[Metric]:
    for column, (name, text, unit) in COUNTERS.items():
        counter = CounterMetricFamily(name, text, labels=LINE)
        for line in _counted_lines(reading):
            counter.add_metric(line, reading.counted[Counted(line, column)] / unit)
        yield counter


def _counted_lines(reading: Reading) -> list[Line]:
    return sorted({counted.line for counted in reading.counted})


def _lines(reading: Reading) -> Iterator[Metric]:
    for name, (text, value) in LINES_NOW.items():
        gauge = GaugeMetricFamily(name, text, labels=LINE)
        for line, now in reading.lines.items():
            gauge.add_metric(line, value(now))
        yield gauge
    pace = GaugeMetricFamily("evalsite_pace_ratio", "Share of its limits used since the last 429.", labels=LINE)
    throttled = CounterMetricFamily("evalsite_throttled", "Answers 429.", labels=LINE)
    for line, (share, count) in reading.paces.items():
        pace.add_metric(line, share)
        throttled.add_metric(line, count)
    yield pace
    yield throttled


def _times(reading: Reading) -> Metric:
    times = HistogramMetricFamily(
        "evalsite_stage_seconds",
        "Time of the stages of a result, and of accepted calls (stage call), waiting left out.",
        labels=["kind", "stage"],
    )
    for kind, stage in sorted({(timed.kind, timed.stage) for timed in reading.timed}):
        counts = [reading.timed[Timed(kind, stage, place)] for place in range(len(BOUNDS_S) + 1)]
        bounds = [*map(str, BOUNDS_S), "+Inf"]
        buckets = [(bound, sum(counts[: place + 1])) for place, bound in enumerate(bounds)]
        times.add_metric([kind, stage], buckets, sum_value=reading.timed[Timed(kind, stage, None)])
    return times


def _beats(reading: Reading) -> Iterator[Metric]:
    lanes = GaugeMetricFamily("evalsite_lanes", "Lanes and hosts that are registered.", labels=["kind", "host"])
    ages = GaugeMetricFamily(
        "evalsite_heartbeat_age_seconds",
        "How long the beat that is stillest has been seen to stand still.",
        labels=["kind", "host"],
    )
    for labels, (count, age_s) in reading.beats.items():
        lanes.add_metric(labels, count)
        ages.add_metric(labels, age_s)
    yield lanes
    yield ages


def _queue() -> Iterator[Metric]:
    """Yield the length of the queue; nothing where its broker is away: that is not 0."""
    depth = queue_depth()
    if depth is not None:
        yield GaugeMetricFamily("evalsite_queue_depth", "Tasks of the queue that no worker has taken.", value=depth)
