"""Counting a unit's stored rows anew, where its counters cannot be trusted: after a lost lease, a retry, a crash."""

from decimal import Decimal
from typing import Any

from django.db.models import Sum

from runs.lanes.records import counters_of
from runs.lanes.tallies import StageTally, Tally
from runs.models import FailedAttempt, Result, UnitState, WorkUnit
from runs.models.results import result_id_of
from runs.models.units import COUNT_BY_OUTCOME
from runs.outcomes import ANSWERED, ERRORS


def recount(unit: WorkUnit) -> bool:
    """Write the unit's counters from its stored results and attempts; return whether every result is there.

    A unit that is complete becomes done. Call it in a transaction that has locked the unit.
    """
    tally = tally_from_rows(unit)
    is_done = tally.results >= unit.length
    values: dict[str, Any] = {**dict.fromkeys(COUNT_BY_OUTCOME.values(), 0), **counters_of(tally)}
    if is_done:
        values |= {"state": UnitState.DONE, "lane": None, "open_calls": 0}
    elif unit.state == UnitState.DONE:
        values |= {"state": UnitState.WAITING}
    WorkUnit.objects.filter(pk=unit.pk).update(**values)
    unit.refresh_from_db()
    return is_done


def tally_from_rows(unit: WorkUnit) -> Tally:
    """Return what the stored rows of a unit's range come to."""
    first = result_id_of(unit.run_id, unit.first)
    tally = Tally()
    for result in Result.objects.between(first, first + unit.length).iterator():
        _count_row(tally, result)
    attempts = FailedAttempt.objects.between(first, first + unit.length)
    sums = attempts.aggregate(calls=Sum("count"), cost=Sum("cost_usd"))
    tally.attempt_count = sums["calls"] or 0
    tally.cost_usd += sums["cost"] or Decimal(0)
    return tally


def _count_row(tally: Tally, result: Result) -> None:
    tally.outcomes[result.outcome] = tally.outcomes.get(result.outcome, 0) + 1
    tally.reused_count += result.reused_from is not None
    tally.wait_ms += result.wait_ms
    tally.tokens_in += result.tokens_in or 0
    tally.tokens_out += result.tokens_out or 0
    tally.unpriced_count += result.cost_usd is None and result.outcome in ANSWERED
    tally.cost_usd += result.cost_usd or Decimal(0)
    if result.latency_ms is not None:
        tally.calls.add(result.latency_ms, is_error=result.outcome in ERRORS)
    if result.first_token_ms is not None and result.outcome in ANSWERED:
        tally.first_tokens.add(result.first_token_ms, is_error=False)
    for stage, status, ms, _wait_ms in result.stages:
        tally.stages.setdefault(stage, StageTally()).add(ms, is_error=status != "ok")
