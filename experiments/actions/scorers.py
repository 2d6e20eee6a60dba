"""Scorers of an experiment: declared, weighed, and made by the first rating of an editor."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from evalsite.plugins import UnknownKind, scorers
from experiments.actions.refusals import ActionConflict, ActionRefused, StaleEdit
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration
from experiments.item_rules import has_rules, misfits
from experiments.models import Experiment, ScorerRevision, ScorerSpec
from experiments.models.datasets import split_tags
from experiments.models.projects import Person
from experiments.options import OptionError
from experiments.permissions import may, require, user_of

NAME = re.compile(r"[a-z0-9_-]{1,100}")
PERSON = "person"
ROWS_AT_ONCE = 1000
MOST_SCORERS = 100
"""So many has an experiment: each is a column of its board, and judges every result."""


@dataclass(frozen=True, slots=True)
class ScorerDraft:
    """A revision that is written and not in force, and what else putting it in force would change."""

    revision: ScorerRevision
    values: dict[str, Any]
    in_force: int
    """The revision in force when it was drafted; 0: the experiment has no such scorer."""


@transaction.atomic
def declare_scorer(
    *, experiment: Experiment, declaration: ScorerDeclaration, by: Person | None, position: int | None = None
) -> tuple[ScorerSpec, bool]:
    """Make a scorer, or bring it to what is declared; return it and whether its former options are replaced.

    Without a `position` it keeps its own, a new one comes last. Raises ActionRefused naming what does not fit.
    """
    require(by, experiment.project, "edit_experiment")
    values, options = _values(experiment, declaration, position)
    former = experiment.scorers.filter(name=declaration.name).first()
    spec: ScorerSpec = ScorerSpec.objects.update_or_create(
        experiment=experiment, name=declaration.name, defaults={**values, "removed_at": None}
    )[0]
    return spec, _revise(spec, options, by, is_other=_judges_otherwise(former, values))


@transaction.atomic
def draft_scorer(*, experiment: Experiment, declaration: ScorerDeclaration, by: Person | None) -> ScorerDraft | None:
    """Write what is declared as a revision that is not in force; None: kind and options are those in force.

    The draft of a new name makes a scorer that is not listed. Raises ActionRefused as `declare_scorer` does.
    """
    require(by, experiment.project, "edit_experiment")
    values, options = _values(experiment, declaration, None)
    spec: ScorerSpec = ScorerSpec.objects.get_or_create(
        experiment=experiment,
        name=declaration.name,
        defaults={**values, "weight": 0.0, "revision": 0, "removed_at": timezone.now()},
    )[0]
    is_listed = spec.removed_at is None
    if is_listed and not _judges_otherwise(spec, values) and _options_in_force(spec) == options:
        return None
    revision = ScorerRevision.objects.create(
        scorer=spec, number=_next_number(spec), options=options, created_by=user_of(by)
    )
    return ScorerDraft(revision, values, spec.revision if is_listed else 0)


@transaction.atomic
def put_in_force(*, draft: ScorerDraft, by: Person | None) -> ScorerSpec:
    """Let a draft be what the scorer is. Raises StaleEdit when the scorer has changed since it was drafted."""
    spec: ScorerSpec = ScorerSpec.objects.select_for_update().get(pk=draft.revision.scorer_id)
    require(by, spec.experiment.project, "edit_experiment")
    if draft.in_force != (spec.revision if spec.removed_at is None else 0):
        raise StaleEdit(
            f"{spec} was changed by somebody else since this was judged: see what it is now, then try again."
        )
    for name, value in draft.values.items():
        setattr(spec, name, value)
    spec.revision, spec.removed_at = draft.revision.number, None
    spec.save()
    ScorerRevision.objects.filter(pk=draft.revision.pk).update(replaces=draft.in_force or None)
    return spec


@transaction.atomic
def remove_scorer(*, scorer: ScorerSpec, by: Person | None) -> bool:
    """Take a scorer out of its experiment, its scores are kept; False when it was out. Raises ActionRefused."""
    require(by, scorer.experiment.project, "edit_experiment")
    others = scorer.experiment.scorers.filter(removed_at=None).exclude(pk=scorer.pk)
    if not others.filter(weight__gt=0).exists():
        raise ActionRefused("name", f"no other scorer has a weight above 0: give one a weight, then take {scorer} out")
    return bool(ScorerSpec.objects.filter(pk=scorer.pk, removed_at=None).update(removed_at=timezone.now()))


def _values(
    experiment: Experiment, declaration: ScorerDeclaration, position: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns that are declared, and the cleaned options. Raises ActionRefused."""
    if position is None:
        _check_room(experiment, declaration.name)
    kind, options = _checked(declaration)
    condition = _condition(declaration, experiment)
    _check_rules(declaration, experiment)
    low, high = declaration.range or kind.range_of(options) or (None, None)
    better = declaration.higher_is_better
    values = {
        "kind": declaration.kind,
        "weight": _weight_of(declaration, kind, has_range=low is not None),
        "higher_is_better": kind.higher_is_better if better is None else better,
        "range_low": low,
        "range_high": high,
        "pass_value": declaration.pass_value,
        "when": condition.as_json(),
        "position": _position(experiment, declaration.name) if position is None else position,
    }
    return values, options


def _check_room(experiment: Experiment, name: str) -> None:
    """Raise ActionRefused where a scorer of this name would be one too many."""
    if experiment.scorers.filter(removed_at=None).exclude(name=name).count() >= MOST_SCORERS:
        raise ActionRefused("name", f"an experiment has at most {MOST_SCORERS} scorers: take one out, then add this")


def _position(experiment: Experiment, name: str) -> int:
    positions: dict[str, int] = dict(experiment.scorers.filter(removed_at=None).values_list("name", "position"))
    return positions.get(name, max(positions.values(), default=-1) + 1)


def _judges_otherwise(former: ScorerSpec | None, values: Mapping[str, Any]) -> bool:
    """Return whether the kind or the items are others: what was judged before then counts no longer.

    What people said stays; only that of the items asked about counts.
    """
    if former is None or former.kind != values["kind"]:
        return former is not None
    return bool(former.when != values["when"]) and former.kind != PERSON


def _checked(declaration: ScorerDeclaration) -> tuple[Any, dict[str, Any]]:
    """Return the plug-in and its cleaned options."""
    if not NAME.fullmatch(declaration.name):
        raise ActionRefused("name", f'the name "{declaration.name}" may hold a-z, 0-9, _ and - only, up to 100')
    try:
        kind = scorers.get(declaration.kind)
        options = kind.Options.parse(declaration.options)
    except UnknownKind as unknown:
        raise ActionRefused("kind", str(unknown)) from unknown
    except OptionError as error:
        raise ActionRefused("options", f"{declaration.name}: {error}") from error
    if declaration.range is not None and not _is_range(declaration.range):
        raise ActionRefused("range", f"the range of {declaration.name} is two numbers, the lower one first")
    return kind, options


def _condition(declaration: ScorerDeclaration, experiment: Experiment) -> Condition:
    """Return which items are judged. Raises ActionRefused for what no item of the experiment has."""
    try:
        condition = Condition.of(declaration.when)
    except ValueError as error:
        raise ActionRefused("when", f"{declaration.name}: {error}") from error
    version = experiment.dataset_version
    if version is not None and declaration.when and not version.items.filter(condition.query()).exists():
        raise ActionRefused("when", f"{declaration.name}: no item of {version} has these tags and this split")
    return condition


def _check_rules(declaration: ScorerDeclaration, experiment: Experiment) -> None:
    """Raise ActionRefused for the first item whose own rules the scorer cannot use."""
    version = experiment.dataset_version
    if version is None or not has_rules(declaration.kind):
        return
    rows = version.items.values_list("key", "tags", "split", "metadata").iterator(ROWS_AT_ONCE)
    items = ((key, split_tags(tags), split, metadata) for key, tags, split, metadata in rows)
    for sentence in misfits(declaration, items):
        raise ActionRefused("scorers", f"{declaration.name}: {sentence}")


def _is_range(given: tuple[float, float]) -> bool:
    low, high = given
    return math.isfinite(low) and math.isfinite(high) and low < high


def _weight_of(declaration: ScorerDeclaration, kind: Any, *, has_range: bool) -> float:
    weight = kind.default_weight if declaration.weight is None else declaration.weight
    return _checked_weight(declaration.name, weight, has_range=has_range, field="weight")


def _checked_weight(name: str, weight: Any, *, has_range: bool, field: str) -> float:
    """Return a weight. Raises ActionRefused unless it is finite, at least 0, and 0 where there is no range."""
    try:
        number = math.nan if isinstance(weight, bool | str) else float(weight)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise ActionRefused(field, f"the weight of {name} is a number of at least 0")
    if number > 0 and not has_range:
        raise ActionRefused(field, f"{name} needs a range before it may carry a weight, like [0, 5000]")
    return number


def _revise(spec: ScorerSpec, options: dict[str, Any], by: Person | None, *, is_other: bool) -> bool:
    """Write a revision when kind, items and options are not those in force; return whether they replace others."""
    current = _options_in_force(spec)
    if current == options and not is_other:
        return False
    number, former = _next_number(spec), spec.revision if current is not None else None
    ScorerRevision.objects.create(scorer=spec, number=number, options=options, replaces=former, created_by=user_of(by))
    ScorerSpec.objects.filter(pk=spec.pk).update(revision=number)
    spec.revision = number
    return former is not None


def _options_in_force(spec: ScorerSpec) -> dict[str, Any] | None:
    found: dict[str, Any] | None = spec.revisions.filter(number=spec.revision).values_list("options", flat=True).first()
    return found


def _next_number(spec: ScorerSpec) -> int:
    return int(spec.revisions.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def set_weights(*, experiment: Experiment, weights: Mapping[str, Any], by: Person | None) -> None:
    """Change the weights of the named scorers. Raises ActionRefused; then none is changed."""
    require(by, experiment.project, "edit_experiment")
    specs = {spec.name: spec for spec in experiment.scorers.filter(removed_at=None)}
    for name, weight in checked_weights(specs, weights).items():
        ScorerSpec.objects.filter(pk=specs[name].pk).update(weight=weight)


def checked_weights(specs: Mapping[str, ScorerSpec], weights: Mapping[str, Any]) -> dict[str, float]:
    """Return the weights as numbers. Raises ActionRefused unless they name scorers, fit, and leave one above 0."""
    checked = {}
    for name, weight in weights.items():
        if name not in specs:
            raise ActionRefused("weights", f'there is no scorer "{name}"; there are: {", ".join(specs) or "none"}')
        has_range = specs[name].range_low is not None
        checked[name] = _checked_weight(name, weight, has_range=has_range, field="weights")
    if not any({**{name: spec.weight for name, spec in specs.items()}, **checked}.values()):
        raise ActionRefused("weights", "one weight at least is above 0")
    return checked


@transaction.atomic
def person_scorer(*, experiment: Experiment, name: str, by: Person | None) -> ScorerSpec:
    """Return the person scorer of this name; an unknown name becomes one, range 0 to 1, where the person edits.

    Its weight is 0 where the experiment has weights already. Raises ActionConflict for the name of a code scorer,
    ActionRefused for what is no name, PermissionDenied where the person rates only and there is no such scorer.
    """
    require(by, experiment.project, "rate")
    found: ScorerSpec | None = experiment.scorers.filter(name=name).first()
    if found is not None and found.kind != PERSON:
        raise ActionConflict(f"{name} is scored by code ({found.kind}): people cannot score it.")
    if found is not None and found.removed_at is None:
        return found
    _require_making(experiment, name, by)
    _check_room(experiment, name)
    if found is not None:
        ScorerSpec.objects.filter(pk=found.pk).exclude(removed_at=None).update(removed_at=None, weight=0.0)
        found.refresh_from_db()
        return found
    others = experiment.scorers.filter(removed_at=None)
    declaration = ScorerDeclaration(name, PERSON, weight=0.0 if others.filter(weight__gt=0).exists() else 1.0)
    return declare_scorer(experiment=experiment, declaration=declaration, position=others.count(), by=by)[0]


def _require_making(experiment: Experiment, name: str, by: Person | None) -> None:
    """Raise PermissionDenied, naming the scorers that there are, for whoever may rate and not edit."""
    if may(by, experiment.project, "edit_experiment"):
        return
    names = experiment.scorers.filter(removed_at=None, kind=PERSON).order_by("position").values_list("name", flat=True)
    there = f"People rate {', '.join(names)} here" if names else "Nothing is rated by people here yet"
    raise PermissionDenied(f'{there}: "{name}" is added by an editor or owner of {experiment.project}.')
