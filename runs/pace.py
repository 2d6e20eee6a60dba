"""How fast runs go at this moment: counts, rate and time left of many runs in one query."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from runs.models import Run, RunStatus, WorkUnit
from runs.progress import Totals, tally_of_units, totals_from


@dataclass(frozen=True, slots=True)
class Pace:
    """How far one run is, and how fast it goes."""

    run: Run
    totals: Totals
    call_ms: float | None = None
    """Mean duration of the accepted calls; None: none yet."""

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
    def rate(self) -> float | None:
        """Results a second, by Little's law (calls in flight / their mean duration): a pause does not distort it."""
        return self.in_flight * 1000 / self.call_ms if self.in_flight and self.call_ms else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until every planned result is there; None: nothing is in flight, or the pace is unknown."""
        return self.left / self.rate if self.rate and self.left else None

    @property
    def share_done(self) -> float:
        """Stored results as a share of the planned ones, 0 to 1."""
        planned = self.run.planned_count
        return min(1.0, self.totals.results / planned) if planned else 0.0


def paces_of(runs: Sequence[Run]) -> list[Pace]:
    """Return the pace of each run, in the same order, with one query for all of them."""
    units: dict[int, list[WorkUnit]] = defaultdict(list)
    for unit in WorkUnit.objects.filter(run__in=runs):
        units[unit.run_id].append(unit)
    return [_pace(run, units[run.pk]) for run in runs]


def _pace(run: Run, units: Sequence[WorkUnit]) -> Pace:
    tally = tally_of_units(units)
    calls = tally.calls
    totals = totals_from(tally, open_calls=sum(unit.open_calls for unit in units))
    return Pace(run, totals, calls.total_ms / calls.count if calls.count else None)
