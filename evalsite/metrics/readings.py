"""What the metrics are read from: counters of work units and lanes. No query counts results, however many there are."""

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum
from django.utils import timezone

from evalsite.metrics.growth import Growth, Numbers
from experiments.models import Provider
from runs.lanes.tallies import Tally, stage_tallies
from runs.models import Lane, ProviderPace, ProviderShare, Run, RunStatus, WorkUnit
from runs.models.runs import ACTIVE, RUNNABLE
from runs.models.units import COUNT_BY_OUTCOME, WorkUnitQuerySet
from runs.watcher import BeatWatch

MOST_PROVIDERS = 100
OTHERS = "other"
LATELY = timedelta(hours=1)
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SUMMED = (
    *COUNT_BY_OUTCOME.values(),
    "reused_count",
    "attempt_count",
    "unpriced_count",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "wait_ms",
)


class Line(NamedTuple):
    """A provider as a metric's labels name it."""

    project: str
    provider: str
    kind: str


class Counted(NamedTuple):
    """What one number of a provider's runs is kept under."""

    line: Line
    column: str
    """Of the work unit."""


class Timed(NamedTuple):
    """What one number of a kind's times is kept under."""

    kind: str
    stage: str
    """Name of the stage; `call`: accepted calls, waiting left out."""
    bucket: int | None
    """Place of its bound in BOUNDS_S, one more for what is longer; None: the sum of seconds."""


@dataclass(frozen=True, slots=True)
class LineNow:
    """How busy a provider is at this moment."""

    in_flight: int = 0
    granted: int = 0
    """Calls that the lanes may have open."""
    waiting: int = 0
    """Calls that wait for the limits."""


@dataclass(slots=True)
class Reading:
    """All that is to be shown, as of one moment."""

    runs: dict[str, int]
    """By status; every status is there."""
    waiting_units: int
    """Work units of runnable runs that no lane holds."""
    waiting_results: int
    """Results that those units hold at most."""
    lines: dict[Line, LineNow]
    paces: dict[Line, tuple[float, int]]
    """Share of the limits that is used since the last 429, and 429s so far."""
    beats: dict[tuple[str, str], tuple[int, float]]
    """By (kind, host): how many lanes or hosts, and for how many seconds the one that is stillest has stood still."""
    counted: Counter[Any] = field(default_factory=Counter)
    timed: Counter[Any] = field(default_factory=Counter)


class Reader:
    """Reads the figures of one process's metrics; safe to use from several threads."""

    def __init__(self) -> None:
        self._counted, self._timed = Growth(), Growth()
        self._watch = BeatWatch()
        self._lock = threading.Lock()
        self._has_looked = False

    def read(self) -> Reading:
        """Return the figures of this moment. Raises DatabaseError."""
        with self._lock:
            lines = _Lines()
            self._grow(lines)
            units, results = _waiting()
            return Reading(
                runs=_runs_by_status(),
                waiting_units=units,
                waiting_results=results,
                lines=_lines_now(lines),
                paces=_paces(lines),
                beats=self._beats(),
                counted=Counter(self._counted.totals),
                timed=Counter(self._timed.totals),
            )

    def _grow(self, lines: "_Lines") -> None:
        """Take in what has changed since the last look: of all runs at first, then of those that go on or ended lately.

        Times are read for runs of the second sort only: they take longer, and Prometheus wants their growth.
        """
        lately = set(Run.objects.filter(_is_late()).values_list("pk", flat=True))
        units = WorkUnit.objects.filter(run__in=lately) if self._has_looked else WorkUnit.objects.all()
        numbers: dict[int, Numbers] = {run_id: {} for run_id in lately}
        numbers |= {row["run"]: _numbers(row, lines.of(row["run__provider"])) for row in _sums(units)}
        grown = self._counted.look(numbers) & lately
        self._timed.look({run_id: self._timed.last(run_id) for run_id in lately} | _times_of(grown))
        self._has_looked = True

    def _beats(self) -> dict[tuple[str, str], tuple[int, float]]:
        rows = list(Lane.objects.all())
        ages_s = self._watch.ages_s(rows)
        groups: dict[tuple[str, str], list[float]] = defaultdict(list)
        for row in rows:
            groups[row.kind, row.host].append(ages_s[row.pk])
        return {group: (len(ages), max(ages)) for group, ages in groups.items()}


class _Lines:
    """The labels of the providers; those beyond the first hundred share one name, so that no database fills up."""

    def __init__(self) -> None:
        providers = Provider.objects.order_by("pk").values_list("pk", "project__name", "name", "kind")
        self._lines = {
            pk: Line(project, name, kind) if place < MOST_PROVIDERS else Line(OTHERS, OTHERS, kind)
            for place, (pk, project, name, kind) in enumerate(providers)
        }

    def of(self, provider_id: int) -> Line:
        return self._lines.get(provider_id, Line(OTHERS, OTHERS, OTHERS))  # made a moment ago


def _is_late() -> Q:
    return Q(status__in=ACTIVE) | Q(completed_at__gte=timezone.now() - LATELY)


def _sums(units: WorkUnitQuerySet) -> Iterator[dict[str, Any]]:
    sums = {f"sum_{column}": Sum(column) for column in SUMMED}
    yield from units.order_by().values("run", "run__provider").annotate(**sums)


def _numbers(row: dict[str, Any], line: Line) -> Numbers:
    return {Counted(line, column): float(row[f"sum_{column}"]) for column in SUMMED if row[f"sum_{column}"]}


def _times_of(run_ids: Collection[int]) -> dict[int, Numbers]:
    """Return the times of runs, by their id."""
    kinds: dict[int, str] = {}
    tallies: dict[int, Tally] = defaultdict(Tally)
    units = WorkUnit.objects.filter(run__in=run_ids).order_by()
    for run_id, kind, stored in units.values_list("run", "run__provider__kind", "stages").iterator():
        stages, calls, first_tokens = stage_tallies(stored)
        kinds[run_id] = kind
        streamed = {"first_token": first_tokens} if first_tokens.count else {}
        tallies[run_id].merge(Tally(stages={**stages, "call": calls, **streamed}))
    return {run_id: _times(kinds[run_id], tally) for run_id, tally in tallies.items()}


def _times(kind: str, tally: Tally) -> Numbers:
    """Return the numbers of one run's times; a bound is right within the 5 % of the stored buckets."""
    times: Counter[Timed] = Counter()
    for stage, passages in tally.stages.items():
        for bucket, count in passages.buckets.items():
            times[Timed(kind, stage, _place(bucket))] += count
        times[Timed(kind, stage, None)] += passages.total_ms / 1000  # type: ignore[assignment]  # no integer
    return times


def _runs_by_status() -> dict[str, int]:
    counts = dict(Run.objects.order_by().values_list("status").annotate(count=Count("pk")))
    return {status.value: counts.get(status, 0) for status in RunStatus}


def _waiting() -> tuple[int, int]:
    waiting = WorkUnit.objects.waiting().counting().filter(run__status__in=RUNNABLE)
    sums = waiting.aggregate(units=Count("pk"), size=Sum("length"))
    return sums["units"], sums["size"] or 0


def _lines_now(lines: _Lines) -> dict[Line, LineNow]:
    held = WorkUnit.objects.filter(lane__isnull=False).order_by().values_list("run__provider")
    open_calls = dict(held.annotate(open=Sum("open_calls")))
    shares = ProviderShare.objects.order_by().values_list("provider").annotate(Sum("granted"), Sum("waiting_count"))
    limits = {provider_id: (granted, waiting) for provider_id, granted, waiting in shares}
    found: dict[Line, LineNow] = {}
    for provider_id in {*open_calls, *limits}:
        line, (granted, waiting) = lines.of(provider_id), limits.get(provider_id, (0, 0))
        so_far = found.get(line, LineNow())
        in_flight = so_far.in_flight + open_calls.get(provider_id, 0)
        found[line] = LineNow(in_flight, so_far.granted + granted, so_far.waiting + waiting)
    return found


def _paces(lines: _Lines) -> dict[Line, tuple[float, int]]:
    """Return the paces of the providers that are named; the others have none in common."""
    rows = ProviderPace.objects.values_list("provider", "share_of_limit", "throttled_count")
    paces = {lines.of(provider_id): (share, throttled) for provider_id, share, throttled in rows}
    return {line: pace for line, pace in paces.items() if line.provider != OTHERS}


def _place(bucket: int) -> int:
    """Return which bound a log bucket of the tallies lies below."""
    most_s = 1.05 ** (bucket + 1) / 1000
    return next((place for place, bound in enumerate(BOUNDS_S) if most_s <= bound * 1.05), len(BOUNDS_S))
