"""Ad-hoc runs: one configuration over one input."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from experiments.actions import freeze_ad_hoc_case, freeze_single_case
from experiments.actions.case_lists import single_case_identity
from experiments.canonical import config_hash
from experiments.configs import measured_options
from experiments.models import Experiment, Provider
from experiments.models.projects import Person
from experiments.permissions import require
from experiments.templating import compile_messages, item_context
from experiments.templating.rehearsal import rehearse
from runs.actions.planning import extend
from runs.actions.waking import wake_lanes
from runs.models import Result, Run, RunStatus
from runs.plan import Plan

NOT_REPEATED = ("file", "input_data")
"""Parts of a stored configuration that are no part of its hash."""


@dataclass(frozen=True, slots=True)
class AdHocConfig:
    """What one ad-hoc run asks for."""

    provider: Provider
    model: str
    messages: Sequence[dict[str, str]]
    """The prompt as checked messages: role and template."""
    params: dict[str, Any] = field(default_factory=dict)
    input_data: str | dict[str, Any] = ""


def start_ad_hoc(
    *, experiment: Experiment, config: AdHocConfig, by: Person | None, is_reusing: bool = False, owner: str = ""
) -> tuple[Run, bool]:
    """Plan a run of one result and wake a lane; return it with whether it is an earlier, completed one.

    With `is_reusing` a completed run of the same configuration and input, answered, comes back: no call is made.
    """
    require(by, experiment.project, "start")
    stored = _stored_config(config)
    if is_reusing and (earlier := _earlier(experiment, stored["hash"])):
        return earlier, True
    _check_template(experiment, config)
    with transaction.atomic():
        run = _plan(experiment, config, stored, by, owner)
        if not owner:
            wake_lanes()
    return run, False


def _stored_config(config: AdHocConfig) -> dict[str, Any]:
    provider = config.provider
    parts: dict[str, Any] = {
        "kind": provider.kind,
        "base_url": provider.base_url,
        "model": config.model,
        "messages": list(config.messages),
        "params": config.params,
        **measured_options(provider),
    }
    return {"parts": {**parts, "input_data": config.input_data}, "hash": _digest(parts, config.input_data)}


def _digest(parts: dict[str, Any], given: Any) -> str:
    """Return the config_hash over the input too: here it is part of what is repeated."""
    return config_hash(**{**parts, "params": {**parts["params"], "input_data": given}})


def _earlier(experiment: Experiment, digest: str) -> Run | None:
    runs = Run.objects.filter(experiment=experiment, is_ad_hoc=True, config_hash=digest, status=RunStatus.COMPLETED)
    return next(
        (run for run in runs.order_by("-completed_at") if not Result.objects.of_run(run).errors().exists()), None
    )


def _check_template(experiment: Experiment, config: AdHocConfig) -> None:
    context = item_context(config.input_data, {}, (), "", experiment.variables)
    rehearse(compile_messages(list(config.messages)), "", context)


def _plan(experiment: Experiment, config: AdHocConfig, stored: dict[str, Any], by: Person | None, owner: str) -> Run:
    run = Run(
        experiment=experiment,
        provider=config.provider,
        case_list=freeze_ad_hoc_case(experiment, config.input_data),
        name=config.model,
        config=stored["parts"],
        config_hash=stored["hash"],
        timeout_s=experiment.timeout_s,
        owner=owner,
    )
    return _planned(run, by)


def _planned(run: Run, by: Person | None) -> Run:
    """Store a run of one result with its plan."""
    run.is_ad_hoc, run.is_reusing, run.case_limit = True, False, 0
    run.created_by_id = by.pk if by is not None else None
    run.save(force_insert=True)
    extend(run, Plan(cases=1, limit=1, trials=1))
    return run


def run_again(*, run: Run, result: Result, by: Person | None, owner: str = "") -> Run:
    """Ask the configuration of a run once more about the item of one of its results, and wake a lane.

    The stored result stays; the new one is an ad-hoc run of its own, judged by the same scorers.
    """
    require(by, run.experiment.project, "start")
    parts = {name: value for name, value in run.config.items() if name not in NOT_REPEATED}
    with transaction.atomic():
        again = Run(
            experiment=run.experiment,
            provider=run.provider,
            case_list=freeze_single_case(run.experiment, result.item, result.variant),
            name=run.name,
            config={**run.config, "input_data": result.item.input},
            config_hash=_digest(parts, result.item.input),
            timeout_s=run.timeout_s,
            owner=owner,
        )
        _planned(again, by)
        if not owner:
            wake_lanes()
    return again


def latest_again(run: Run, result: Result) -> Run | None:
    """Return the newest run that asked once more what a result answered; None: nobody did."""
    parts = {name: value for name, value in run.config.items() if name not in NOT_REPEATED}
    identity = single_case_identity(run.experiment, result.item, result.variant)
    same = Run.objects.filter(experiment=run.experiment_id, is_ad_hoc=True, case_list__identity_hash=identity)
    related = same.select_related("experiment__project", "provider", "case_list").exclude(pk=run.pk)
    return related.filter(config_hash=_digest(parts, result.item.input)).order_by("-pk").first()
