"""Changing what an experiment measures while its runs are there: nothing is lost, and nothing is done in vain."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from experiments.actions import ActionConflict
from experiments.actions.case_lists import current_case_list, identity_of
from experiments.actions.editing import edit_experiment
from experiments.models import Experiment
from experiments.models.projects import Person
from experiments.wording import counted
from runs.actions.planning import wanted_plan
from runs.actions.starting import is_planned
from runs.models.runs import RUNNABLE

COUNTING = ("trials", "select", "errors_policy")


@transaction.atomic
def redeclare(*, experiment: Experiment, changes: Mapping[str, Any], by: Person | None) -> bool:
    """Change an experiment as `edit_experiment` does; return whether its runs have to be summed up anew.

    Starting it afterwards does what is missing; results beyond lower figures are kept and do not count. Raises
    ActionRefused, and ActionConflict while a run works on what would no longer count.
    """
    before = Experiment.objects.get(pk=experiment.pk)
    edited = edit_experiment(experiment=experiment, by=by, changes=changes)
    active = edited.runs.planned().filter(status__in=RUNNABLE).count()
    if active and _is_narrower(before, edited):
        raise ActionConflict(
            f"{counted(active, 'run')} of {edited} would go on with items or trials that no longer count: pause or "
            "cancel what runs, then change it."
        )
    return any(field in changes for field in COUNTING)


def _is_narrower(before: Experiment, now: Experiment) -> bool:
    """Return whether something that counted counts no longer: other items, fewer of them, fewer trials."""
    if identity_of(before) != identity_of(now) or now.trials < before.trials:
        return True
    return now.item_limit is not None and (before.item_limit is None or now.item_limit < before.item_limit)


def lacks_runs(experiment: Experiment) -> bool:
    """Return whether starting it would plan anything: other items, more of them, more trials, another candidate."""
    candidates = list(experiment.candidates.listed())
    if experiment.dataset_version_id is None or not candidates:
        return False
    case_list = current_case_list(experiment)
    return case_list is None or not is_planned(case_list, candidates, wanted_plan(experiment, case_list))
