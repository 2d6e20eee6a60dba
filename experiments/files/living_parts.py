"""The parts of an experiment that change while it lives, read from plain values with the rules of a file."""

import json
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from experiments.actions.refusals import ActionRefused
from experiments.files.dataset import read_selection
from experiments.files.document_nodes import BadDocument
from experiments.files.fields import Fields, Problems
from experiments.files.requirements import read_max_errors, read_requirements
from experiments.files.yaml_document import parse
from experiments.models import Experiment
from experiments.requirements import Requirement

T = TypeVar("T")


def selection_from(given: Any) -> tuple[dict[str, Any], int | None]:
    """Return the selection that `select` of a file would be, and its limit. Raises ActionRefused for what is none."""
    return _read("select", given, read_selection)


def requirements_from(given: Any, candidates: Collection[str], scorers: Collection[str]) -> list[Requirement]:
    """Return what `require` of a file would be. Raises ActionRefused for what is none, or names what is not there."""
    return _read("require", given, lambda fields: read_requirements(fields, candidates, scorers))


def max_errors_from(given: Any) -> str:
    """Return how many errors are allowed: a number, or a share. Raises ActionRefused."""
    return _read("max_errors", given, read_max_errors)


def selection_of(experiment: Experiment) -> dict[str, Any]:
    """Return which items an experiment takes, as `select` of a file; {}: all."""
    number = "sample" if "seed" in experiment.selection else "limit"
    limit = {} if experiment.item_limit is None else {number: experiment.item_limit}
    return {**experiment.selection, **limit}


def _read(key: str, given: Any, read: Callable[[Fields], T]) -> T:
    """Return what `read` finds under a key that holds these plain values. Raises ActionRefused with what is wrong."""
    try:
        root, found = parse(json.dumps({key: given}), is_json=True)
    except BadDocument as bad:
        raise ActionRefused(key, bad.problem.sentence) from bad
    problems = Problems(found)
    value = read(Fields(root, "", problems))
    if problems.found:
        raise ActionRefused(key, "; ".join(f"{one.where}: {one.sentence}" for one in problems.found))
    return value
