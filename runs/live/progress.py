"""How far a run is: the counters of its units, summed on reading."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from runs.lanes.claims import tally_of
from runs.lanes.tallies import StageTally, Tally, merged
from runs.models import Run, WorkUnit
from runs.models.units import COUNT_BY_OUTCOME
from runs.outcomes import ERRORS

PER = 1000
UNITS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run came to so far."""

    results: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    """Errored results by outcome; only those that occurred."""
    outcomes: dict[str, int] = field(default_factory=dict)
    reused: int = 0
    attempts: int = 0
    """Calls that were made and not accepted."""
    open_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal | None = None
    """None: the price of at least one result is unknown."""
    p50_ms: int | None = None
    p95_ms: int | None = None
    first_token_p50_ms: int | None = None
    """Of the calls that were streamed; None: none was."""
    first_token_p95_ms: int | None = None
    wait_ms: int = 0

    @property
    def error_count(self) -> int:
        """Errored results."""
        return sum(self.errors.values())

    @property
    def cost_per_1000_usd(self) -> Decimal | None:
        """Cost of a thousand results; None where the cost is unknown or nothing was done."""
        return self.cost_usd / self.results * PER if self.cost_usd is not None and self.results else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it; `from_json` takes it back."""
        return asdict(self) | {"cost_usd": None if self.cost_usd is None else str(self.cost_usd)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Totals":
        """Return what `as_json` gave."""
        cost = stored.get("cost_usd")
        return cls(**(stored | {"cost_usd": None if cost is None else Decimal(cost)}))


def tally_of_units(units: Iterable[WorkUnit]) -> Tally:
    """Return the sum of the units' counters."""
    return merged(tally_of(unit) for unit in units)


def counts_of(run_ids: Sequence[int]) -> dict[int, Totals]:
    """Return how much of each run is done, by its id: results, errors, calls and cost, without times and tokens.

    Summed by the database in one query, for those who look several times a second.
    """
    columns = [*COUNT_BY_OUTCOME.values(), "reused_count", "attempt_count", "open_calls"]
    columns += ["unpriced_count", "cost_usd"]
    sums = {column: Sum(column) for column in columns}
    renamed = {f"sum_{column}": total for column, total in sums.items()}
    rows = WorkUnit.objects.filter(run__in=run_ids).order_by().values("run").annotate(**renamed)
    return {row["run"]: _counts_from(row) for row in rows}


def _counts_from(row: dict[str, Any]) -> Totals:
    counts = {outcome.value: row[f"sum_{column}"] for outcome, column in COUNT_BY_OUTCOME.items()}
    outcomes = {outcome: count for outcome, count in counts.items() if count}
    return Totals(
        results=sum(outcomes.values()),
        errors={outcome: count for outcome, count in outcomes.items() if outcome in ERRORS},
        outcomes=outcomes,
        reused=row["sum_reused_count"],
        attempts=row["sum_attempt_count"],
        open_calls=row["sum_open_calls"],
        cost_usd=row["sum_cost_usd"] if outcomes and not row["sum_unpriced_count"] else None,
    )


def totals_of(run: Run) -> Totals:
    """Return what a run came to, as of this moment."""
    units = WorkUnit.objects.filter(run=run)
    open_calls = units.aggregate(calls=Sum("open_calls"))["calls"] or 0
    return totals_from(tally_of_units(units.iterator(UNITS_AT_ONCE)), open_calls=open_calls)


def _percentile(times: StageTally, share: float) -> int | None:
    found = times.percentile_ms(share)
    return None if found is None else round(found)


def totals_from(tally: Tally, *, open_calls: int = 0) -> Totals:
    """Return a tally as people read it."""
    is_known = bool(tally.results) and not tally.unpriced_count
    return Totals(
        results=tally.results,
        errors={outcome: count for outcome, count in tally.outcomes.items() if outcome in ERRORS},
        outcomes=dict(tally.outcomes),
        reused=tally.reused_count,
        attempts=tally.attempt_count,
        open_calls=open_calls,
        tokens_in=tally.tokens_in,
        tokens_out=tally.tokens_out,
        cost_usd=tally.cost_usd if is_known else None,
        p50_ms=_percentile(tally.calls, 0.5),
        p95_ms=_percentile(tally.calls, 0.95),
        first_token_p50_ms=_percentile(tally.first_tokens, 0.5),
        first_token_p95_ms=_percentile(tally.first_tokens, 0.95),
        wait_ms=tally.wait_ms,
    )
