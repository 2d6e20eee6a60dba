"""Planning: a run and its work units, and what more trials or a higher limit append."""

from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from experiments.configs import config_of
from experiments.models import Candidate, CaseList, Experiment
from runs.models import Lane, Run, RunStatus, UnitState, WorkUnit
from runs.plan import Plan, growth, ranges, unit_length

UNITS_AT_ONCE = 500  # so many are written in well under 100 ms


def wanted_plan(experiment: Experiment, case_list: CaseList) -> Plan:
    """Return what the experiment asks for of a case list."""
    limit = min(experiment.item_limit or case_list.case_count, case_list.case_count)
    return Plan(cases=case_list.case_count, limit=limit, trials=experiment.trials)


def planned_run(candidate: Candidate, case_list: CaseList, plan: Plan, *, by_id: int | None, owner: str) -> Run:
    """Return the run of a candidate over a case list, made with its units, or extended to what `plan` asks for."""
    run = run_of(candidate, case_list, by_id=by_id, owner=owner)
    extend(run, plan)
    return run


def run_of(candidate: Candidate, case_list: CaseList, *, by_id: int | None, owner: str) -> Run:
    """Return the run of a candidate over a case list; a new one is pending, without units."""
    values = {
        "candidate": candidate,
        "provider": candidate.provider,
        "name": candidate.name,
        "config": config_of(candidate),
        "case_limit": 0,
        "trials": 1,
        "timeout_s": candidate.experiment.timeout_s,
        "is_reusing": candidate.experiment.is_reusing,
        "owner": owner,
        "created_by_id": by_id,
    }
    run, is_new = Run.objects.get_or_create(
        experiment=candidate.experiment,
        case_list=case_list,
        config_hash=candidate.config_hash,
        is_ad_hoc=False,
        defaults=values,
    )
    if not is_new:
        Run.objects.filter(pk=run.pk).update(candidate=candidate, name=candidate.name, timeout_s=values["timeout_s"])
    return run


def extend(run: Run, plan: Plan) -> bool:
    """Append the units that `plan` needs beyond the run's own; False: it needs none. Lower figures delete nothing.

    Every step is a short transaction of its own, after which the run's plan and its units fit.
    """
    steps = [_append(run, step, length) for step, length in steps_to(run, plan)]
    return bool(steps)


def steps_to(run: Run, plan: Plan) -> Iterator[tuple[Plan, int]]:
    """Yield the plans by which a run grows to what `plan` asks for, with the length of a unit."""
    done, grown = _planned(run, plan), grown_plan(run, plan)
    length = unit_length(grown.count, lanes_at_work())
    for step in growth(done, grown, length=length, units=UNITS_AT_ONCE):
        yield step, length


def grown_plan(run: Run, plan: Plan) -> Plan:
    """Return what a run comes to when `plan` is added to its own."""
    return Plan(plan.cases, max(plan.limit, run.case_limit), max(plan.trials, run.trials))


def covers(run: Run, plan: Plan) -> bool:
    """Return whether a planned run has what `plan` asks for, and has not ended when fewer trials counted."""
    whole = run.case_limit * run.trials
    if grown_plan(run, plan).count != whole:
        return False
    is_short = run.status == RunStatus.COMPLETED and run.planned_count < whole
    return not (is_short and WorkUnit.objects.open().counting().filter(run=run).exists())


def _planned(run: Run, plan: Plan) -> Plan | None:
    return Plan(cases=plan.cases, limit=run.case_limit, trials=run.trials) if run.planned_count else None


@transaction.atomic
def _append(run: Run, step: Plan, length: int) -> None:
    """Append the units of one step."""
    missing = ranges(step, length=length, done=_planned(run, step))
    WorkUnit.objects.bulk_create(
        WorkUnit(run=run, first=first, length=size, state=UnitState.WAITING) for first, size in missing
    )
    run.case_limit, run.trials, run.planned_count = step.limit, step.trials, step.count
    run.save(update_fields=["case_limit", "trials", "planned_count"])


def lanes_at_work() -> int:
    """Return how many lanes may share a run: those of every host that lives."""
    return max(1, Lane.objects.hosts().count()) * settings.LANES
