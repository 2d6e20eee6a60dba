"""Preparing large experiments: case list, templates and plan in chunks, by a job or by the command that works.

Whoever is killed leaves the row of the preparation; the watcher sees that its beat stands still and has it taken over.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django.db import transaction
from django_q.tasks import async_task

from experiments.actions import ActionRefused
from experiments.actions.case_lists import cases_of, identity_of, written_cases
from experiments.models import Candidate, CaseList
from experiments.templating import CompiledPrompt, compile_messages, item_context
from experiments.templating.rehearsal import rehearse
from runs.actions.controlling import go_on
from runs.actions.planning import extend, run_of, steps_to
from runs.actions.waking import wake_lanes
from runs.lanes.claims import load_items
from runs.lanes.stopping import is_told
from runs.lanes.takeover import living_owners
from runs.models import Preparation, Run
from runs.models.runs import RUNNABLE
from runs.plan import Plan

BEAT_EVERY_S = 1.0
CHANGED = "The experiment was changed while its start was prepared: start it again."


class Overtaken(Exception):
    """Somebody else works on the preparation now, or nobody wants it any more."""


def begin_preparation(
    case_list: CaseList, candidates: Sequence[Candidate], plan: Plan, *, by_id: int | None, owner: str
) -> tuple[Preparation, list[Run]]:
    """Note what a start has to do, with the runs that wait for it; a job does it unless there is an owner."""
    with transaction.atomic():
        asked = {"case_list": case_list, "owner": owner, "case_limit": plan.limit, "trials": plan.trials}
        preparation, is_new = Preparation.objects.get_or_create(
            experiment_id=case_list.experiment_id, defaults={**asked, "created_by_id": by_id}
        )
        runs = [run_of(candidate, case_list, by_id=by_id, owner=owner) for candidate in candidates]
        for run in runs:
            _ = run.planned_count or run.await_preparation()
        if is_new or _asks_for_more(preparation, asked, runs):
            _join(preparation, asked, runs)
        if not owner:
            wake_preparation(preparation.pk)
    return preparation, list(Run.objects.filter(pk__in=[run.pk for run in runs]).order_by("candidate__position", "pk"))


def wake_preparation(preparation_id: int) -> None:
    """Have a worker prepare, once the present transaction is committed."""
    transaction.on_commit(
        lambda: async_task("runs.tasks.prepare", preparation_id, q_options={"task_name": "prepare"}), robust=True
    )


def _asks_for_more(preparation: Preparation, asked: dict[str, Any], runs: Sequence[Run]) -> bool:
    if preparation.owner in living_owners():
        asked["owner"] = preparation.owner
    is_other = any(getattr(preparation, name) != value for name, value in asked.items())
    return is_other or any(run.preparation_id != preparation.pk for run in runs)


def _join(preparation: Preparation, asked: dict[str, Any], runs: Sequence[Run]) -> None:
    """Let these runs wait for the preparation, which begins anew."""
    preparation.take()
    Preparation.objects.filter(pk=preparation.pk).update(done_count=0, **asked)
    preparation.refresh_from_db()
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(preparation=preparation)
    _tell(preparation)


def prepare(*, preparation: Preparation, beat: Callable[[], object] = lambda: None) -> bool:
    """Write the case list, check the templates, plan the runs and let them go on; False: somebody else does, or did.

    `beat` is called between chunks. Raises ActionRefused when a template does not fit an item or the experiment was
    changed; the runs that have not begun say so.
    """
    if not preparation.take():
        return False
    try:
        _check(preparation, beat)
        _plan(preparation)
    except Overtaken:
        return False
    except ActionRefused as refusal:
        _give_up(preparation, str(refusal))
        raise
    return True


def check_templates(
    prompts: Collection[CompiledPrompt], variables: dict[str, Any], case_list: CaseList, first: int, end: int
) -> None:
    """Render prompts for the cases of a range. Raises ActionRefused naming the first item that one does not fit."""
    for _ in _checked(prompts, variables, case_list, first, end):
        pass


def prompts_of(candidates: Collection[Candidate]) -> list[CompiledPrompt]:
    """Return the prompts of the candidates, each once."""
    versions = {candidate.prompt_version.content_hash: candidate.prompt_version for candidate in candidates}
    return [compile_messages(version.messages) for version in versions.values()]


def _checked(
    prompts: Collection[CompiledPrompt], variables: dict[str, Any], case_list: CaseList, first: int, end: int
) -> Iterator[str]:
    """Yield the key of each item of a range once every prompt fits it."""
    cases = cases_of(case_list, first, end) if prompts and first < end else []
    items = load_items({case.item_id for case in cases})
    for case in cases:
        item = items[case.item_id]
        context = item_context(item.input, item.metadata, item.tags, item.key, variables)
        for prompt in prompts:
            rehearse(prompt, item.key, context)
        yield item.key


def _check(preparation: Preparation, beat: Callable[[], object]) -> None:
    """Write and check what is left of the case list, chunk by chunk."""
    experiment = preparation.experiment
    if identity_of(experiment) != preparation.case_list.identity_hash:
        raise ActionRefused("experiment", CHANGED)
    prompts, beaten_at, first = _unchecked_prompts(preparation), time.monotonic(), preparation.done_count
    for end in written_cases(preparation.case_list, experiment.selection, first=first):
        limit = min(end, preparation.case_limit)
        for _ in _checked(prompts, experiment.variables, preparation.case_list, first, limit):
            if time.monotonic() - beaten_at >= BEAT_EVERY_S:
                beaten_at = time.monotonic()
                _hold(preparation)
        _hold(preparation, done_count=end)
        preparation.done_count = first = end
        _tell(preparation)
        beat()


def _unchecked_prompts(preparation: Preparation) -> list[CompiledPrompt]:
    """Return the prompts of the runs that wait; a run with its cases planned had its prompt checked with them."""
    waiting = preparation.runs.filter(case_limit__lt=preparation.case_limit)
    return prompts_of(Candidate.objects.filter(runs__in=waiting).select_related("prompt_version"))


def _plan(preparation: Preparation) -> None:
    """Plan the runs step by step and let them go on; the row of the preparation goes."""
    plan = Plan(preparation.case_list.case_count, preparation.case_limit, preparation.trials)
    for run in preparation.runs.order_by("pk"):
        for step, _ in steps_to(run, plan):
            _hold(preparation)
            extend(run, step)
    with transaction.atomic():
        _hold(preparation)
        runs = list(preparation.runs.order_by("pk"))
        owner = Preparation.objects.values_list("owner", flat=True).get(pk=preparation.pk)
        Run.objects.filter(preparation=preparation, status__in=RUNNABLE).update(status_reason="")
        preparation.delete()
        for run in runs:
            _let_go_on(run, owner)
        if not owner:
            wake_lanes()


def _let_go_on(run: Run, owner: str) -> None:
    """Let a planned run go on, unless a person paused it while it was prepared."""
    run.refresh_from_db()
    if not (run.is_paused and run.started_at is None):
        go_on(run, owner=owner)


def _hold(preparation: Preparation, **values: object) -> None:
    """Show life and store these values.

    Raises Overtaken when somebody else took over, when every run was cancelled, and when the workers are to end:
    the next worker goes on from here.
    """
    if not preparation.hold(**values) or is_told():
        raise Overtaken
    if not preparation.runs.exists():
        preparation.delete()
        raise Overtaken


def _tell(preparation: Preparation) -> None:
    """Say on the runs that wait how far it is."""
    Run.objects.filter(preparation=preparation, status__in=RUNNABLE, planned_count=0).update(
        status_reason=str(preparation)
    )


@transaction.atomic
def _give_up(preparation: Preparation, reason: str) -> None:
    """End the runs that have not begun, with the reason; the others stay as they were."""
    for run in list(preparation.runs.all()):
        if run.planned_count:
            Run.objects.filter(pk=run.pk).update(preparation=None, status_reason=reason)
        else:
            Run.objects.filter(pk=run.pk).update(preparation=None)
            run.fail(reason)
    preparation.delete()
