"""Starting an experiment: checks, a frozen version, case list and configuration; runs and their units."""

from dataclasses import dataclass

from django.db import transaction

from experiments.actions import ActionRefused, freeze_case_list
from experiments.actions.case_lists import cases_of
from experiments.models import CaseList, Experiment
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.templating import CompiledPrompt, compile_messages, item_context
from experiments.templating.rehearsal import rehearse
from runs.actions.controlling import go_on
from runs.actions.planning import planned_run, wanted_plan
from runs.actions.waking import wake_lanes
from runs.claims import load_items
from runs.models import Run

CHECKED_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Started:
    """What a start came to."""

    runs: list[Run]
    """The run of each candidate, in the order of the candidates."""
    case_list: CaseList


def start_experiment(*, experiment: Experiment, by: Person | None, owner: str = "") -> Started:
    """Plan or extend a run for each candidate, let them go on, and wake a lane. Safe to call again at any time.

    `owner` names the foreground command that will do the work; "": the workers. Raises ActionRefused with a
    sentence when there is nothing to run, or a template does not fit an item.
    """
    require(by, experiment.project, "start")
    if experiment.dataset_version is None:
        raise ActionRefused("dataset", f"{experiment} has no dataset: only ad-hoc runs can be started in it.")
    candidates = list(experiment.candidates.listed().select_related("provider", "prompt_version", "experiment"))
    if not candidates:
        raise ActionRefused("candidates", f"{experiment} has no candidates: add one, then start.")
    case_list = freeze_case_list(experiment)
    plan = wanted_plan(experiment, case_list)
    prompts = {candidate.prompt_version.content_hash: candidate.prompt_version for candidate in candidates}
    for version in prompts.values():
        check_templates(compile_messages(version.messages), experiment, case_list, plan.limit)
    by_id = by.pk if by is not None else None
    with transaction.atomic():
        runs = [planned_run(candidate, case_list, plan, by_id=by_id, owner=owner) for candidate in candidates]
        for run in runs:
            go_on(run, owner=owner)
        if not owner:
            wake_lanes()
    return Started(runs, case_list)


def check_templates(prompt: CompiledPrompt, experiment: Experiment, case_list: CaseList, limit: int) -> None:
    """Render a prompt for every planned case. Raises ActionRefused naming the first item that it does not fit."""
    for first in range(0, limit, CHECKED_AT_ONCE):
        cases = cases_of(case_list, first, min(limit, first + CHECKED_AT_ONCE))
        for item in load_items({case.item_id for case in cases}).values():
            context = item_context(item.input, item.metadata, item.tags, item.key, experiment.variables)
            rehearse(prompt, item.key, context)
