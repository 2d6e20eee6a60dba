"""Changing what an experiment is called and how it counts errors."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from experiments.actions.refusals import ActionRefused, checked_name, refused_when_taken
from experiments.models import ErrorsPolicy, Experiment
from experiments.models.projects import Person
from experiments.permissions import require

EDITABLE = ("name", "description", "errors_policy")


@transaction.atomic
def edit_experiment(*, experiment: Experiment, by: Person | None, changes: Mapping[str, Any]) -> Experiment:
    """Change name, description or the policy on errors. Raises ActionRefused naming the field that does not fit."""
    require(by, experiment.project, "edit_experiment")
    values = dict(changes)
    for field in values:
        if field not in EDITABLE:
            raise ActionRefused(field, f"an experiment's {field} cannot be changed")
    if "name" in values:
        values["name"] = checked_name(values["name"], "an experiment")
    if values.get("errors_policy", ErrorsPolicy.EXCLUDE) not in ErrorsPolicy.values:
        raise ActionRefused("errors", f"errors are one of {', '.join(ErrorsPolicy.values)}")
    edited: Experiment = Experiment.objects.select_for_update().get(pk=experiment.pk)
    for field, value in values.items():
        setattr(edited, field, value)
    with refused_when_taken(f'there is an experiment "{edited.name}" in {edited.project} already'):
        edited.save(update_fields=list(values))
    return edited
