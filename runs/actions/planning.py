"""Planning: a run and its work units, and what more trials or a higher limit append."""

from itertools import islice

from django.conf import settings

from experiments.configs import config_of
from experiments.models import Candidate, CaseList, Experiment
from runs.models import Lane, Run, UnitState, WorkUnit
from runs.plan import Plan, ranges, unit_length

ROWS_AT_ONCE = 1000


def wanted_plan(experiment: Experiment, case_list: CaseList) -> Plan:
    """Return what the experiment asks for of a case list."""
    limit = min(experiment.item_limit or case_list.case_count, case_list.case_count)
    return Plan(cases=case_list.case_count, limit=limit, trials=experiment.trials)


def planned_run(candidate: Candidate, case_list: CaseList, plan: Plan, *, by_id: int | None, owner: str) -> Run:
    """Return the run of a candidate over a case list, made with its units, or extended to what `plan` asks for."""
    config = config_of(candidate)
    values = {
        "candidate": candidate,
        "provider": candidate.provider,
        "name": candidate.name,
        "config": config,
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
    extend(run, plan)
    return run


def extend(run: Run, plan: Plan) -> bool:
    """Append the units that `plan` needs beyond the run's own; False: it needs none. Lower figures delete nothing."""
    done = Plan(cases=plan.cases, limit=run.case_limit, trials=run.trials) if run.planned_count else None
    grown = Plan(plan.cases, max(plan.limit, run.case_limit), max(plan.trials, run.trials))
    if done == grown:
        return False
    length = unit_length(grown.count, lanes_at_work())
    units = (
        WorkUnit(run=run, first=first, length=size, state=UnitState.WAITING)
        for first, size in ranges(grown, length=length, done=done)
    )
    while chunk := list(islice(units, ROWS_AT_ONCE)):
        WorkUnit.objects.bulk_create(chunk)
    run.case_limit, run.trials, run.planned_count = grown.limit, grown.trials, grown.count
    run.save(update_fields=["case_limit", "trials", "planned_count"])
    return True


def lanes_at_work() -> int:
    """Return how many lanes may share a run: those of every host that lives."""
    return max(1, Lane.objects.hosts().count()) * settings.LANES
