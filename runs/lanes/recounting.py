"""Counting a unit's stored rows anew, where its counters cannot be trusted: after a lost lease, a retry, a crash."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Sum, Value

from runs.lanes.records import counters_of
from runs.lanes.tallies import StageTally, Tally
from runs.models import FailedAttempt, Result, Run, UnitState, WorkUnit
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


def recount_planned(run: Run) -> None:
    """Write how many results a run is to come to: where its experiment asks for fewer trials or items now, those that
    are there are kept and the missing ones are not planned.
    """
    whole = run.case_limit * run.trials
    if not run.planned_count or (run.planned_count >= whole and not _has_more_than_is_asked_for(run)):
        return
    _part_at_limit(run)
    left_out = WorkUnit.objects.open().not_counting().filter(run=run)
    stored = sum(map(F, COUNT_BY_OUTCOME.values()), start=Value(0))
    missing = left_out.aggregate(missing=Sum(F("length") - stored))["missing"] or 0
    Run.objects.filter(pk=run.pk).update(planned_count=whole - missing)
    run.refresh_from_db(fields=["planned_count"])


def _has_more_than_is_asked_for(run: Run) -> bool:
    limit = run.experiment.item_limit
    return run.trials > run.experiment.trials or (limit is not None and run.case_limit > limit)


def _part_at_limit(run: Run) -> None:
    """Part the free units that reach over the limit of their experiment: what is beyond waits for a higher one."""
    limit = run.experiment.item_limit
    if limit is not None:
        for unit in WorkUnit.objects.waiting().reaching_over(limit).filter(run=run):
            _part(unit.pk, limit - unit.of_position)


@transaction.atomic
def _part(unit_id: int, length: int) -> None:
    """Keep the first `length` ordinals of a free unit; the rest are another. Who read it as it was cannot claim it."""
    unit = WorkUnit.objects.select_for_update().waiting().filter(pk=unit_id, length__gt=length).first()
    if unit is None:
        return
    rest = WorkUnit(run_id=unit.run_id, first=unit.first + length, length=unit.length - length)
    rest.deaths, rest.is_suspect = unit.deaths, unit.is_suspect
    WorkUnit.objects.filter(pk=unit_id).update(length=length, lease=F("lease") + 1)
    rest.save(force_insert=True)
    for part in WorkUnit.objects.filter(pk__in=[unit_id, rest.pk]):
        recount(part)


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
