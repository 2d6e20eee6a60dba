"""Claiming work units, loading what is missing in them, and giving them back. Runs in a lane's database thread."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from experiments.actions.case_lists import StoredCase, cases_of
from experiments.models import CaseList, Item
from experiments.models.datasets import split_tags
from runs.execution import Case, NotedAnswer, UnitWork
from runs.lanes.journal import left_answers
from runs.lanes.recounting import recount
from runs.lanes.suspects import GIVEN_UP_AFTER, next_alone
from runs.lanes.tallies import SUMMED, Tally, stage_tallies
from runs.models import Lane, Result, Run, RunStatus, UnitState, WorkUnit
from runs.models.results import result_id_of
from runs.models.runs import RUNNABLE
from runs.models.units import COUNT_BY_OUTCOME, WorkUnitQuerySet
from runs.plan import Plan

IDS_AT_ONCE = 500
UNITS_TRIED = 2
CASES_KEPT = 4096
SMALLEST_SHARE = 128  # smaller units cost more in claims than runs gain by turns
ORDERS_KEPT = 64
CANCELLED, PAUSED = RunStatus.CANCELLED.value, RunStatus.PAUSED.value


@dataclass(slots=True)
class HeldUnit:
    """A unit that this lane holds."""

    work: UnitWork
    run_id: int
    lease: int
    first: int
    missing: set[int]
    """Ordinals whose results are not stored yet."""
    tally: Tally
    """What the stored results come to."""
    cases: dict[int, Case] = field(default_factory=dict, repr=False)
    """The case of each missing ordinal, until its job is made."""
    answers: Mapping[int, NotedAnswer] = field(default_factory=dict, repr=False)
    """What a lane that is gone was answered, by ordinal."""

    @property
    def unit_id(self) -> int:
        """The unit's primary key."""
        return self.work.unit_id


def plan_of(run: Run) -> Plan:
    """Return the arithmetic of this run's plan."""
    return Plan(cases=run.case_list.case_count, limit=run.case_limit, trials=run.trials)


def claimable_runs(owner: str) -> QuerySet[Run]:
    """Return the runs with free units that this owner ("": the workers) may work on, oldest first."""
    free = WorkUnit.objects.waiting().counting().filter(run=OuterRef("pk"))
    runs: QuerySet[Run] = Run.objects.runnable().filter(Exists(free), owner=owner).order_by("pk")
    return runs


def claim_in_turn(
    lane: Lane, runs: list[Run], *, after_run: int, wanted: int, cache: "CaseCache", is_first: bool = False
) -> Iterator[tuple[Run, HeldUnit]]:
    """Claim one unit of each run in turn, starting behind `after_run`, until `wanted` results are at hand.

    Where several runs wait, a long unit is parted: none of them takes the whole window while the others stand still.
    So it is for a lane's first claim: its calls begin before the rest of the unit is loaded.
    """
    turn = [run for run in runs if run.pk > after_run] + [run for run in runs if run.pk <= after_run]
    share = max(SMALLEST_SHARE, wanted // max(1, len(turn))) if len(turn) > 1 or is_first else None
    while turn and wanted > 0:
        run = turn.pop(0)
        held = claim_one(lane, run, cache, share=share)
        if held is not None:
            wanted -= len(held.cases)
            turn.append(run)
            yield run, held
        if wanted <= 0:
            return


def claim_one(lane: Lane, run: Run, cache: "CaseCache", *, share: int | None = None) -> HeldUnit | None:
    """Claim the first free unit of a run and load what is missing in it; None: nothing is free.

    Of a unit of more than twice the share that nobody has worked on, the share is claimed and the rest stays free.
    """
    return _claim_first(lane, run, WorkUnit.objects.unsuspected(), cache, share)


def claim_alone(lane: Lane, runs: Iterable[Run], cache: "CaseCache") -> Iterator[tuple[Run, HeldUnit]]:
    """Claim one unit that is suspected of crashing lanes; for a lane that has nothing else on its way."""
    for run in runs:
        held = _claim_first(lane, run, WorkUnit.objects.suspect(), cache)
        if held is not None:
            yield run, held
            return


def _claim_first(
    lane: Lane, run: Run, units: WorkUnitQuerySet, cache: "CaseCache", share: int | None = None
) -> HeldUnit | None:
    for unit in units.waiting().counting().filter(run=run).order_by("first")[:UNITS_TRIED]:
        if unit.claim(lane):
            if share is not None and unit.length > 2 * share:
                unit.part(share)
            if run.status == RunStatus.PENDING:
                run.begin()
            return load(run, unit, cache)
    return None


def load(run: Run, unit: WorkUnit, cache: "CaseCache") -> HeldUnit:
    """Return a claimed unit with the cases of its missing ordinals."""
    stored = stored_ordinals(unit)
    missing = {ordinal for ordinal in range(unit.first, unit.first + unit.length) if ordinal not in stored}
    plan = plan_of(run)
    _, first_position = plan.place(unit.first)
    cases = cache.order(run.case_list, first_position, first_position + unit.length)
    items = cache.get({case.item_id for case in cases})
    found = {unit.first + offset: items[case.item_id] for offset, case in enumerate(cases)}
    tally = _true_tally(unit, len(stored))
    work, wanted = _work_on(unit, missing)
    loaded = {ordinal: found[ordinal] for ordinal in sorted(wanted)}
    answers = left_answers(settings.JOURNAL_DIR, run.pk, missing) if unit.lease > 1 else {}
    return HeldUnit(work, run.pk, unit.lease, unit.first, missing, tally, loaded, answers)


def _work_on(unit: WorkUnit, missing: set[int]) -> tuple[UnitWork, set[int]]:
    """Return the work on a claimed unit and its ordinals: of one with suspects, the first of them alone."""
    if not unit.is_suspect:
        return UnitWork(unit.pk), missing
    alone = next_alone(unit.deaths, missing)
    if alone is None:
        WorkUnit.objects.filter(pk=unit.pk).update(is_suspect=False)
        return UnitWork(unit.pk), missing
    deaths = unit.deaths[str(alone)]
    is_given_up = deaths >= GIVEN_UP_AFTER
    if is_given_up:  # one less is noted: asked for again by a person, it has one more try
        WorkUnit.objects.filter(pk=unit.pk).update(deaths={**unit.deaths, str(alone): GIVEN_UP_AFTER - 1})
    return UnitWork(unit.pk, is_alone=True, is_given_up=is_given_up), {alone}


def _true_tally(unit: WorkUnit, stored: int) -> Tally:
    """Return the counters of a claimed unit; counted anew when an answer came in after its lane lost it."""
    tally = tally_of(unit)
    if tally.results == stored:
        return tally
    with transaction.atomic():
        recount(WorkUnit.objects.select_for_update().get(pk=unit.pk))
    return tally_of(WorkUnit.objects.get(pk=unit.pk))


def stored_ordinals(unit: WorkUnit) -> set[int]:
    """Return the ordinals of a unit's range whose results exist."""
    first = result_id_of(unit.run_id, unit.first)
    ids = Result.objects.between(first, first + unit.length).values_list("pk", flat=True)
    return {result_id - result_id_of(unit.run_id, 0) for result_id in ids}


class CaseCache:
    """The cases that a lane has met lately: runs of one experiment share them, and frozen items never change."""

    def __init__(self) -> None:
        self._cases: dict[int, Case] = {}
        self._orders: dict[tuple[int, int, int], list[StoredCase]] = {}

    def order(self, case_list: CaseList, first: int, end: int) -> list[StoredCase]:
        """Return the cases at the positions `first` to `end` - 1 of a case list, which never changes."""
        asked = (case_list.pk, first, end)
        if asked not in self._orders:
            if len(self._orders) >= ORDERS_KEPT:
                self._orders.clear()
            self._orders[asked] = cases_of(case_list, first, end)
        return self._orders[asked]

    def get(self, ids: Collection[int]) -> dict[int, Case]:
        """Return the cases of items by the items' row ids."""
        missing = {item_id for item_id in ids if item_id not in self._cases}
        if missing:
            if len(self._cases) + len(missing) > CASES_KEPT:
                self._cases.clear()
                missing = set(ids)
            self._cases |= load_items(missing)
        return {item_id: self._cases[item_id] for item_id in ids}


def load_items(ids: Collection[int]) -> dict[int, Case]:
    """Return the cases of items by the items' row ids."""
    columns = ("pk", "key", "input", "expected", "metadata", "tags", "split")
    found = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), IDS_AT_ONCE):
        rows = Item.objects.filter(pk__in=wanted[start : start + IDS_AT_ONCE]).order_by().values_list(*columns)
        for item_id, key, given, expected, metadata, tags, split in rows:
            found[item_id] = Case(item_id, key, given, expected, metadata, split_tags(tags), split)
    return found


def tally_of(unit: WorkUnit) -> Tally:
    """Return a unit's counters."""
    outcomes = {outcome.value: getattr(unit, column) for outcome, column in COUNT_BY_OUTCOME.items()}
    stages, calls, first_tokens = stage_tallies(unit.stages)
    counts: dict[str, Any] = {name: getattr(unit, name) for name in SUMMED}
    return Tally(
        {outcome: count for outcome, count in outcomes.items() if count},
        cost_usd=unit.cost_usd,
        stages=stages,
        calls=calls,
        first_tokens=first_tokens,
        **counts,
    )


def release(lane_id: int, units: Collection[HeldUnit]) -> None:
    """Give units back, so that any lane may claim them."""
    for held in units:
        WorkUnit.objects.held(lane_id, held.lease).filter(pk=held.unit_id).update(
            state=UnitState.WAITING, lane=None, open_calls=0
        )


def halts_of(run_ids: Collection[int], owner: str) -> dict[int, str]:
    """Return, of these runs, those that this owner may not go on with, each with its status and reason."""
    states = {run.pk: run for run in Run.objects.filter(pk__in=run_ids).only("pk", "status", "status_reason", "owner")}
    halts = {}
    for run_id in run_ids:
        run = states.get(run_id)
        if run is None:
            halts[run_id] = CANCELLED
        elif run.status not in RUNNABLE or run.owner != owner:
            halts[run_id] = run.status if run.status == CANCELLED else PAUSED
    return halts
