"""Starting an experiment: checks, a frozen version, case list and configuration; runs and their units."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from experiments.actions import ActionRefused, freeze_case_list
from experiments.actions.case_lists import SIZE_AT_ONCE, open_case_list
from experiments.models import Candidate, CaseList, Experiment
from experiments.models.projects import Person
from experiments.permissions import require
from runs.actions.controlling import go_on
from runs.actions.planning import covers, planned_run, wanted_plan
from runs.actions.preparing import begin_preparation, check_templates, prompts_of
from runs.actions.waking import wake_lanes
from runs.models import Preparation, Run
from runs.plan import Plan


@dataclass(frozen=True, slots=True)
class Started:
    """What a start came to."""

    runs: list[Run]
    """The run of each candidate, in the order of the candidates."""
    case_list: CaseList
    preparation: Preparation | None = None
    """What has to be done before the runs can begin; None: they can. Of an owner: that one's to do (`prepare`)."""


PILOT_ITEMS = 5


def start_experiment(
    *,
    experiment: Experiment,
    by: Person | None,
    owner: str = "",
    is_pilot: bool = False,
    only: Collection[Candidate] = (),
) -> Started:
    """Plan or extend a run for each candidate, let them go on, and wake a lane. Safe to call again at any time.

    `only` are the candidates whose runs are started; none: all of them.

    Above 2,000 cases a job plans them, and the runs stay pending until it has. `owner` names the foreground command
    that will do the work; "": the workers. A pilot plans the first five items, once each: real calls, the first
    results of their runs, from which the cost of the rest is forecast. Raises ActionRefused with a sentence when
    there is nothing to run, a template does not fit an item, or a budget cannot be kept.
    """
    require(by, experiment.project, "start")
    if experiment.dataset_version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset: only ad-hoc runs can be started in it.")
    listed = experiment.candidates.listed().select_related("provider", "prompt_version", "experiment")
    candidates = list(listed.filter(pk__in=[one.pk for one in only]) if only else listed)
    if not candidates:
        raise ActionRefused("candidates", f"{experiment} has no candidates: add one, then start.")
    refuse_unpriced(experiment, candidates)
    case_list = open_case_list(experiment)
    plan = wanted_plan(experiment, case_list)
    if is_pilot:
        plan = Plan(plan.cases, min(plan.limit, PILOT_ITEMS), trials=1)
    by_id = by.pk if by is not None else None
    if case_list.case_count > SIZE_AT_ONCE and not is_planned(case_list, candidates, plan):
        preparation, runs = begin_preparation(case_list, candidates, plan, by_id=by_id, owner=owner)
        return Started(runs, case_list, preparation)
    return _start_at_once(experiment, candidates, plan, by_id, owner)


def refuse_unpriced(experiment: Experiment, candidates: list[Candidate]) -> None:
    """Raise ActionRefused when there is a budget and the price of a candidate is unknown: it could not be kept."""
    if experiment.budget_usd is None and experiment.project.monthly_budget_usd is None:
        return
    unpriced = [one for one in candidates if one.provider.cost_usd(one.model, 0, 0) is None]
    if unpriced:
        names = ", ".join(f"{one.model} at {one.provider}" for one in unpriced)
        raise ActionRefused(
            "budget",
            f"the budget cannot be kept, since prices are not known: {names}. Set them (0 where calls are free), or "
            "take the budget away.",
        )


def is_planned(case_list: CaseList, candidates: list[Candidate], plan: Plan) -> bool:
    """Return whether the run of every candidate has the units that the plan asks for."""
    runs = {run.config_hash: run for run in Run.objects.planned().filter(case_list=case_list, preparation=None)}
    found = [runs.get(candidate.config_hash) for candidate in candidates]
    return all(run is not None and run.planned_count and covers(run, plan) for run in found)


def _start_at_once(
    experiment: Experiment, candidates: list[Candidate], plan: Plan, by_id: int | None, owner: str
) -> Started:
    case_list = freeze_case_list(experiment)
    if case_list.case_count <= SIZE_AT_ONCE:  # those of a longer list were checked when it was prepared
        check_templates(prompts_of(candidates), experiment.variables, case_list, 0, plan.limit)
    with transaction.atomic():
        runs = [planned_run(candidate, case_list, plan, by_id=by_id, owner=owner) for candidate in candidates]
        for run in runs:
            go_on(run, owner=owner)
        if not owner:
            wake_lanes()
    return Started(runs, case_list)
