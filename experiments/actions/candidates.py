"""Candidates: added, taken out with their runs kept, and brought back."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from experiments.actions.prompts import save_prompt
from experiments.actions.refusals import NAME_LENGTH, ActionRefused, checked_name, refused_when_taken
from experiments.configs import config_from, hash_of
from experiments.declarations import CandidateDeclaration
from experiments.models import Candidate, Experiment, PromptVersion, Provider
from experiments.models.projects import Person
from experiments.params import check_params
from experiments.permissions import require


@transaction.atomic
def add_candidate(
    *,
    experiment: Experiment,
    name: str,
    provider: Provider,
    model: str,
    prompt_version: PromptVersion,
    by: Person | None,
    params: Mapping[str, Any] | None = None,
    position: int = 0,
) -> Candidate:
    """Return the new candidate; one of the same configuration that was taken out comes back, with its runs.

    Raises ActionRefused when a listed candidate has the name or is the same configuration, when a parameter does
    not fit, and for a provider or prompt of another project.
    """
    require(by, experiment.project, "edit_experiment")
    name, model = checked_name(name, "a candidate"), checked_name(model, "a model")
    kept = _checked_params(params or {}, provider)
    _check_belongs(experiment, provider, prompt_version)
    digest = hash_of(config_from(provider, model, prompt_version, kept))
    _refuse_twin(experiment, name, digest)
    values = {
        "name": name,
        "provider": provider,
        "model": model,
        "prompt_version": prompt_version,
        "params": kept,
        "position": position,
        "removed_at": None,
    }
    with refused_when_taken(f'there is a candidate "{name}" already: names tell candidates apart'):
        candidate: Candidate = Candidate.objects.update_or_create(
            experiment=experiment, config_hash=digest, defaults=values
        )[0]
    return candidate


@transaction.atomic
def declare_candidate(*, experiment: Experiment, declaration: CandidateDeclaration, by: Person | None) -> Candidate:
    """Add a candidate after the others, its prompt saved with it. Raises ActionRefused; then neither is there."""
    version = save_prompt(
        project=experiment.project,
        name=declaration.prompt_name[:NAME_LENGTH],
        messages=declaration.messages,
        by=by,
    )
    last = experiment.candidates.listed().aggregate(last=Max("position"))["last"]
    return add_candidate(
        experiment=experiment,
        name=declaration.name,
        provider=declaration.provider,
        model=declaration.model,
        prompt_version=version,
        params=declaration.params,
        position=0 if last is None else last + 1,
        by=by,
    )


@transaction.atomic
def remove_candidate(*, candidate: Candidate, by: Person | None) -> bool:
    """Take a candidate out of its experiment, its runs are kept; False when it was out."""
    require(by, candidate.experiment.project, "edit_experiment")
    Experiment.objects.filter(baseline=candidate).update(baseline=None)
    return bool(Candidate.objects.listed().filter(pk=candidate.pk).update(removed_at=timezone.now()))


def _checked_params(params: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    """Return the parameters that are given."""
    for name, sentence in check_params(params, provider.kind, provider.options).items():
        raise ActionRefused("params", f"params.{name}: {sentence}")
    return {name: value for name, value in params.items() if value is not None}


def _check_belongs(experiment: Experiment, provider: Provider, prompt_version: PromptVersion) -> None:
    if provider.project_id != experiment.project_id:
        raise ActionRefused("provider", f"{provider} is no provider of {experiment.project}")
    if prompt_version.prompt.project_id != experiment.project_id:
        raise ActionRefused("prompt", f"{prompt_version} is no prompt of {experiment.project}")


def _refuse_twin(experiment: Experiment, name: str, digest: str) -> None:
    twin = experiment.candidates.listed().filter(config_hash=digest).first()
    if twin is not None:
        raise ActionRefused("config", f'"{name}" is the same candidate as "{twin}": change its configuration')
