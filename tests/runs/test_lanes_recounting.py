"""Counters written anew from the stored rows say what the live counters would."""

from decimal import Decimal
from typing import Any

import pytest
from django.forms.models import model_to_dict

from runs.exchange import Completion
from runs.execution import Attempt
from runs.lanes.flushing import Batch, Flusher
from runs.lanes.recounting import recount, tally_from_rows
from runs.models import WorkUnit
from tests.factories import FailedAttemptFactory, LaneFactory, ResultFactory, WorkUnitFactory
from tests.runs.jobs import answered
from tests.runs.planned import claimed, jobs_of, planned_run

pytestmark = pytest.mark.django_db


def unit_with(length: int, **values: Any) -> WorkUnit:
    """Return a unit of a run, without results."""
    return WorkUnitFactory(length=length, **values)


def test_recount_gives_what_the_live_counters_say() -> None:
    run, lane = planned_run(4), LaneFactory()
    held = claimed(lane, run)
    jobs = [answered(job) for job in jobs_of(run, held)[:3]]
    jobs[1].attempts = [Attempt("provider_error", "", 500, "no", 3)]
    jobs[0].completion = Completion("4", tokens_in=3, tokens_out=2, first_token_ms=40)
    jobs[2].completion, jobs[2].cost_usd, jobs[2].partial = None, None, Completion("ha", first_token_ms=70)
    jobs[2].end("timeout", "no answer")
    Flusher(lane.pk, {held.unit_id: held}, unit_done=lambda _: None).store(Batch(jobs))
    unit = WorkUnit.objects.get(run=run)
    live = model_to_dict(unit)

    recount(unit)

    assert model_to_dict(unit) == live


def test_recount_of_a_complete_unit_ends_it() -> None:
    unit = unit_with(1)
    ResultFactory(run=unit.run)

    assert recount(unit)

    assert (unit.state, unit.ok_count) == ("done", 1)


def test_recount_of_a_done_unit_that_lacks_a_result_opens_it() -> None:
    unit = unit_with(2, state="done", ok_count=2)
    ResultFactory(run=unit.run)

    assert not recount(unit)

    assert (unit.state, unit.ok_count) == ("waiting", 1)


def test_recount_leaves_rows_outside_the_range_alone() -> None:
    unit = unit_with(2, first=2)
    ResultFactory(run=unit.run, ordinal=1)
    ResultFactory(run=unit.run, ordinal=2)
    ResultFactory(run=unit.run, ordinal=4)

    assert tally_from_rows(unit).results == 1


def test_tally_from_rows_adds_the_cost_of_attempts() -> None:
    unit = unit_with(2)
    ResultFactory(run=unit.run, cost_usd=Decimal("0.25"), tokens_in=3)
    FailedAttemptFactory(run=unit.run, ordinal=1, cost_usd=Decimal("0.5"), count=3)

    tally = tally_from_rows(unit)

    assert (tally.cost_usd, tally.attempt_count, tally.tokens_in) == (Decimal("0.75"), 3, 3)


def test_tally_from_rows_counts_answers_without_a_price() -> None:
    unit = unit_with(3)
    ResultFactory(run=unit.run, ordinal=0, cost_usd=None)
    ResultFactory(run=unit.run, ordinal=1, cost_usd=None, outcome="timeout")
    ResultFactory(run=unit.run, ordinal=2, cost_usd=Decimal(0))

    assert tally_from_rows(unit).unpriced_count == 1


def test_recount_of_nothing_is_zero() -> None:
    unit = unit_with(2, ok_count=7, attempt_count=3, tokens_in=9)

    recount(unit)

    assert (unit.ok_count, unit.attempt_count, unit.tokens_in, unit.cost_usd) == (0, 0, 0, Decimal(0))
