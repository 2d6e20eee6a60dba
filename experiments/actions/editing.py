"""Changing an experiment: what it is called, which items it takes how often, what counts and what is required."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction

from experiments.actions.case_lists import selected_count
from experiments.actions.experiments import checked_trials
from experiments.actions.locking import locked_row
from experiments.actions.refusals import ActionRefused, checked_name, refused_when_taken
from experiments.cleaning import clean_text
from experiments.files.living_parts import max_errors_from, requirements_from, selection_from
from experiments.models import ErrorsPolicy, Experiment
from experiments.models.projects import Person
from experiments.permissions import require

LONGEST_TAG, MOST_TAGS = 100, 50
Values = dict[str, Any]


@transaction.atomic
def edit_experiment(*, experiment: Experiment, by: Person | None, changes: Mapping[str, Any]) -> Experiment:
    """Change name, description, tags, trials, `select`, `require`, max_errors or errors_policy; `select` as in a file.

    Results are kept, whatever changes. Raises ActionRefused naming the field that does not fit.
    """
    require(by, experiment.project, "edit_experiment")
    edited = locked_row(experiment)
    values: Values = {}
    for field, given in changes.items():
        if field not in FIELDS:
            raise ActionRefused(field, f"an experiment's {field} cannot be changed")
        values |= FIELDS[field](edited, given)
    for name, value in values.items():
        setattr(edited, name, value)
    with refused_when_taken(f'there is an experiment "{edited.name}" in {edited.project} already'):
        edited.save(update_fields=list(values))
    return edited


def _name(_: Experiment, given: str) -> Values:
    return {"name": checked_name(given, "an experiment")}


def _description(_: Experiment, given: str) -> Values:
    return {"description": given}


def _tags(_: Experiment, given: Any) -> Values:
    return {"tags": checked_tags(given)}


def checked_tags(given: Iterable[str]) -> list[str]:
    """Return the tags of an experiment, each once. Raises ActionRefused for too many, and for one that is no tag."""
    tags = list(dict.fromkeys(clean_text(tag).strip() for tag in given))
    if len(tags) > MOST_TAGS or any(not 0 < len(tag) <= LONGEST_TAG for tag in tags):
        raise ActionRefused("tags", f"tags are at most {MOST_TAGS} texts of 1 to {LONGEST_TAG} characters")
    return tags


def _errors_policy(_: Experiment, given: str) -> Values:
    if given not in ErrorsPolicy.values:
        raise ActionRefused("errors", f"errors are one of {', '.join(ErrorsPolicy.values)}")
    return {"errors_policy": given}


def _trials(_: Experiment, given: int) -> Values:
    return {"trials": checked_trials(given)}


def _select(experiment: Experiment, given: Any) -> Values:
    """Return the selection; what no item of the version bears is refused."""
    selection, limit = selection_from(given)
    version = experiment.dataset_version
    if version is None:
        raise ActionRefused("select", f"{experiment} has no dataset: there is nothing to select")
    selected_count(version, selection)
    return {"selection": selection, "item_limit": limit}


def _require(experiment: Experiment, given: Any) -> Values:
    candidates = list(experiment.candidates.listed().values_list("name", flat=True))
    scorers = list(experiment.scorers.filter(removed_at=None).values_list("name", flat=True))
    return {"requirements": [one.as_json() for one in requirements_from(given, candidates, scorers)]}


def _max_errors(_: Experiment, given: Any) -> Values:
    return {"max_errors": max_errors_from(given)}


FIELDS: dict[str, Callable[[Experiment, Any], Values]] = {
    "name": _name,
    "description": _description,
    "tags": _tags,
    "errors_policy": _errors_policy,
    "trials": _trials,
    "select": _select,
    "require": _require,
    "max_errors": _max_errors,
}
"""What may be changed, each with what it comes to in the columns of the row."""
