"""How fast runs go at this moment: counts, rate and time left of many runs in one query."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runs.live.first_look import WINDOW_S, first_rates
from runs.live.progress import Totals, counts_of, tally_of_units, totals_from
from runs.live.standstill import standstills_of
from runs.models import Run, RunStatus, WorkUnit

SHORTEST_S = 2.0


class Meter:
    """The rate of each run as this process saw its counts grow: what was asked for in the last 20 s.

    A mean over the whole run would be wrong after a pause, and calls in flight by their mean duration wrong as
    soon as a provider slows down or calls are tried again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._seen: dict[int, deque[tuple[float, int]]] = {}

    def rate(self, run: Run, results: int) -> float | None:
        """Note a count; return results a second, None where nothing came or too little time has passed."""
        with self._lock:
            if run.status != RunStatus.RUNNING:
                self._seen.pop(run.pk, None)
                return None
            now, seen = self._clock(), self._seen.setdefault(run.pk, deque())
            while seen and (seen[0][0] < now - WINDOW_S or seen[0][1] > results):
                seen.popleft()
            seen.append((now, results))
            passed, came = now - seen[0][0], results - seen[0][1]
            return came / passed if passed >= SHORTEST_S and came else None

    def is_new(self, run: Run) -> bool:
        """Return whether a run that goes on was not looked at for long enough to say how fast it is."""
        with self._lock:
            seen = self._seen.get(run.pk)
            return seen is not None and seen[-1][0] - seen[0][0] < SHORTEST_S


_meter = Meter()


@dataclass(frozen=True, slots=True)
class Pace:
    """How far one run is, and how fast it goes."""

    run: Run
    totals: Totals
    rate: float | None = None
    """Results a second; None: nothing came lately, or nobody has looked for long enough."""
    reason: str = ""
    """Why it stands still or waits; "": it does not."""

    @property
    def done(self) -> int:
        """Results that are no errors."""
        return self.totals.results - self.totals.error_count

    @property
    def left(self) -> int:
        """Planned results that are still missing."""
        return max(0, self.run.planned_count - self.totals.results)

    @property
    def in_flight(self) -> int:
        """Calls open at this moment, as far as they can still bring a planned result."""
        return min(self.left, self.totals.open_calls) if self.run.status == RunStatus.RUNNING else 0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until every planned result is there; None: it stands still, or the pace is unknown."""
        return self.left / self.rate if self.rate and self.left else None

    @property
    def took_ms(self) -> int | None:
        """Milliseconds from its start to its end; None: it has not ended."""
        if self.run.started_at is None or self.run.completed_at is None:
            return None
        return round((self.run.completed_at - self.run.started_at).total_seconds() * 1000)

    @property
    def share_done(self) -> float:
        """Stored results as a share of the planned ones, 0 to 1."""
        planned = self.run.planned_count
        return min(1.0, self.totals.results / planned) if planned else 0.0


def paces_of(runs: Sequence[Run], meter: Meter = _meter) -> list[Pace]:
    """Return the pace of each run, in the same order, with one query for all of them."""
    units: dict[int, list[WorkUnit]] = defaultdict(list)
    for unit in WorkUnit.objects.filter(run__in=runs):
        units[unit.run_id].append(unit)
    found = [(run, totals_from(tally_of_units(units[run.pk]), open_calls=_open_calls(units[run.pk]))) for run in runs]
    return _paced(found, meter)


def counted_paces_of(runs: Sequence[Run], meter: Meter = _meter) -> list[Pace]:
    """Return the same without tokens and times: the database sums, so that it does not take longer for more units."""
    counts = counts_of([run.pk for run in runs])
    found = [(run, counts.get(run.pk, Totals())) for run in runs]
    return _paced(found, meter)


def _open_calls(units: Sequence[WorkUnit]) -> int:
    return sum(unit.open_calls for unit in units)


def _paced(found: Sequence[tuple[Run, Totals]], meter: Meter) -> list[Pace]:
    """Return the paces; where the meter has only begun to look, the results of the last seconds say how fast it is."""
    rates = {run.pk: meter.rate(run, totals.results) for run, totals in found}
    rates |= first_rates({run: totals.results for run, totals in found if meter.is_new(run)})
    reasons = standstills_of([run for run, _ in found])
    return [Pace(run, totals, rates[run.pk], reasons.get(run.pk, "")) for run, totals in found]
