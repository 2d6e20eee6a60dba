"""Making and changing experiments: candidates, scorers, weights."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from evalsite.plugins import UnknownKind, scorers
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.configs import config_from, hash_of
from experiments.declarations import ScorerDeclaration
from experiments.models import (
    Candidate,
    DatasetVersion,
    Experiment,
    Project,
    PromptVersion,
    Provider,
    ScorerRevision,
    ScorerSpec,
)
from experiments.models.projects import Person
from experiments.options import OptionError
from experiments.permissions import require

NAME = re.compile(r"[a-z0-9_-]{1,100}")
PERSON = "person"


@transaction.atomic
def create_experiment(
    *,
    project: Project,
    name: str,
    by: Person | None,
    description: str = "",
    dataset_version: DatasetVersion | None = None,
    scorers: Sequence[ScorerDeclaration] = (),
    trials: int = 1,
) -> Experiment:
    """Make an experiment with its scorers. Raises ActionRefused naming the field that does not fit."""
    require(by, project, "edit_experiment")
    if not name.strip():
        raise ActionRefused("name", "an experiment needs a name")
    if Experiment.objects.filter(project=project, name=name).exists():
        raise ActionRefused("name", f'there is an experiment "{name}" in {project} already')
    user = by if by is not None and by.is_authenticated else None
    experiment = Experiment.objects.create(
        project=project,
        name=name,
        description=description,
        dataset_version=dataset_version,
        trials=trials,
        created_by=user,
    )
    for position, declaration in enumerate(scorers):
        declare_scorer(experiment=experiment, declaration=declaration, position=position, by=by)
    return experiment


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
) -> tuple[Candidate, bool]:
    """Return the candidate of this configuration and whether it is new; one that was taken out comes back.

    Raises ActionRefused when another listed candidate has the name, or is the same configuration.
    """
    require(by, experiment.project, "edit_experiment")
    kept = {key: value for key, value in (params or {}).items() if value is not None}
    digest = hash_of(config_from(provider, model, prompt_version, kept))
    values = {
        "name": name,
        "provider": provider,
        "model": model,
        "prompt_version": prompt_version,
        "params": kept,
        "position": position,
        "removed_at": None,
    }
    found = experiment.candidates.filter(config_hash=digest).first()
    twin = experiment.candidates.listed().filter(name=name).exclude(config_hash=digest).first()
    if twin is not None:
        raise ActionRefused("name", f'there is a candidate "{name}" already: names tell candidates apart')
    if found is None:
        return Candidate.objects.create(experiment=experiment, config_hash=digest, **values), True
    was_listed = found.removed_at is None
    Candidate.objects.filter(pk=found.pk).update(**values)
    found.refresh_from_db()
    return found, not was_listed


def remove_candidate(*, candidate: Candidate, by: Person | None) -> bool:
    """Take a candidate out of its experiment, its runs are kept; False when it was out."""
    require(by, candidate.experiment.project, "edit_experiment")
    return bool(Candidate.objects.listed().filter(pk=candidate.pk).update(removed_at=timezone.now()))


def set_baseline(*, experiment: Experiment, candidate: Candidate, by: Person | None) -> None:
    """Make a candidate the one that the others are compared with. Raises ActionRefused for a stranger."""
    require(by, experiment.project, "edit_experiment")
    if candidate.experiment_id != experiment.pk:
        raise ActionRefused("baseline", f"{candidate} is no candidate of {experiment}")
    Experiment.objects.filter(pk=experiment.pk).update(baseline=candidate)
    experiment.baseline = candidate


@transaction.atomic
def declare_scorer(
    *, experiment: Experiment, declaration: ScorerDeclaration, by: Person | None, position: int = 0
) -> tuple[ScorerSpec, bool]:
    """Make a scorer, or bring it to what is declared; return it and whether its options are a new revision.

    Raises ActionRefused naming the option that does not fit.
    """
    require(by, experiment.project, "edit_experiment")
    kind, options = _checked(declaration)
    low, high = declaration.range or kind.natural_range or (None, None)
    if kind.place.value == "nowhere":
        low, high = options["scale"]
    better = declaration.higher_is_better
    values = {
        "kind": declaration.kind,
        "weight": _weight_of(declaration, kind, has_range=low is not None),
        "higher_is_better": kind.higher_is_better if better is None else better,
        "range_low": low,
        "range_high": high,
        "pass_value": declaration.pass_value,
        "position": position,
        "removed_at": None,
    }
    spec, is_new = ScorerSpec.objects.update_or_create(
        experiment=experiment, name=declaration.name, defaults=values, create_defaults=values
    )
    return spec, _revise(spec, options, by, is_new=is_new)


def _checked(declaration: ScorerDeclaration) -> tuple[Any, dict[str, Any]]:
    """Return the plug-in and its cleaned options."""
    if not NAME.fullmatch(declaration.name):
        raise ActionRefused("name", f'the scorer\'s name "{declaration.name}" may hold a-z, 0-9, _ and - only')
    try:
        kind = scorers.get(declaration.kind)
        return kind, kind.Options.parse(declaration.options)
    except UnknownKind as unknown:
        raise ActionRefused("kind", str(unknown)) from unknown
    except OptionError as error:
        raise ActionRefused("options", f"{declaration.name}: {error}") from error


def _weight_of(declaration: ScorerDeclaration, kind: Any, *, has_range: bool) -> float:
    weight = kind.default_weight if declaration.weight is None else declaration.weight
    if isinstance(weight, bool) or not math.isfinite(weight) or weight < 0:
        raise ActionRefused("weight", f"the weight of {declaration.name} is a number of at least 0")
    if weight > 0 and not has_range:
        raise ActionRefused("range", f"{declaration.name} needs a range before it may carry a weight, like [0, 5000]")
    return float(weight)


def _revise(spec: ScorerSpec, options: dict[str, Any], by: Person | None, *, is_new: bool) -> bool:
    """Write a new revision when the options differ from those in force; return whether they did."""
    current = spec.revisions.order_by("-number").first()
    if current is not None and current.options == options:
        return False
    number = current.number + 1 if current else 1
    user = by if by is not None and by.is_authenticated else None
    ScorerRevision.objects.create(scorer=spec, number=number, options=options, created_by=user)
    ScorerSpec.objects.filter(pk=spec.pk).update(revision=number)
    spec.revision = number
    return not is_new


@transaction.atomic
def set_weights(*, experiment: Experiment, weights: Mapping[str, Any], by: Person | None) -> None:
    """Change the weights of the named scorers. Raises ActionRefused; then none is changed."""
    require(by, experiment.project, "edit_experiment")
    specs = {spec.name: spec for spec in experiment.scorers.filter(removed_at=None)}
    check_weights(specs, weights)
    for name, weight in weights.items():
        ScorerSpec.objects.filter(pk=specs[name].pk).update(weight=float(weight))


def check_weights(specs: Mapping[str, ScorerSpec], weights: Mapping[str, Any]) -> None:
    """Raise ActionRefused unless the weights name scorers, are finite and not negative, and one is above 0."""
    for name, weight in weights.items():
        if name not in specs:
            raise ActionRefused("weights", f'there is no scorer "{name}"; there are: {", ".join(specs) or "none"}')
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
            raise ActionRefused("weights", f"the weight of {name} is a number of at least 0")
        if weight > 0 and specs[name].range_low is None:
            raise ActionRefused("weights", f"{name} needs a range before it may carry a weight")
    after = {name: weights.get(name, spec.weight) for name, spec in specs.items()}
    if not any(after.values()):
        raise ActionRefused("weights", "one weight at least is above 0")


@transaction.atomic
def person_scorer(*, experiment: Experiment, name: str, by: Person | None) -> ScorerSpec:
    """Return the person scorer of this name; an unknown name becomes one, range 0 to 1.

    Its weight is 0 where the experiment has weights already. Raises ActionConflict for the name of a code scorer,
    ActionRefused for what is no name.
    """
    require(by, experiment.project, "rate")
    found = experiment.scorers.filter(name=name).first()
    if found is not None:
        if found.kind != PERSON:
            raise ActionConflict(f"{name} is scored by code ({found.kind}): people cannot score it.")
        return found
    has_weights = experiment.scorers.filter(weight__gt=0, removed_at=None).exists()
    declaration = ScorerDeclaration(name, PERSON, weight=0.0 if has_weights else 1.0)
    spec, _ = declare_scorer(
        experiment=experiment, declaration=declaration, position=experiment.scorers.count(), by=None
    )
    return spec
