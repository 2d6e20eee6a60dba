"""Ad-hoc runs: one configuration over one input."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from experiments.actions import freeze_ad_hoc_case
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
    # Over input_data too: here the input is part of what is repeated.
    digest = config_hash(**{**parts, "params": {**config.params, "input_data": config.input_data}})
    return {"parts": {**parts, "input_data": config.input_data}, "hash": digest}


def _earlier(experiment: Experiment, digest: str) -> Run | None:
    runs = Run.objects.filter(experiment=experiment, is_ad_hoc=True, config_hash=digest, status=RunStatus.COMPLETED)
    return next(
        (run for run in runs.order_by("-completed_at") if not Result.objects.of_run(run).errors().exists()), None
    )


def _check_template(experiment: Experiment, config: AdHocConfig) -> None:
    context = item_context(config.input_data, {}, (), "", experiment.variables)
    rehearse(compile_messages(list(config.messages)), "", context)


def _plan(experiment: Experiment, config: AdHocConfig, stored: dict[str, Any], by: Person | None, owner: str) -> Run:
    case_list = freeze_ad_hoc_case(experiment, config.input_data)
    run = Run.objects.create(
        experiment=experiment,
        provider=config.provider,
        case_list=case_list,
        is_ad_hoc=True,
        name=config.model,
        config=stored["parts"],
        config_hash=stored["hash"],
        case_limit=0,
        timeout_s=experiment.timeout_s,
        is_reusing=False,
        owner=owner,
        created_by_id=by.pk if by is not None else None,
    )
    extend(run, Plan(cases=1, limit=1, trials=1))
    return run
