"""The form of what an experiment measures: which items, how often, what counts and what its board must show."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from experiments.files.living_parts import selection_of
from experiments.models import ErrorsPolicy, Experiment
from experiments.requirements import EVERY, METRICS, ON

SELECTING = ("split", "with_tags", "without_tags", "keys", "take", "count", "seed")
TEXTS = ("tags", "trials", "errors_policy", "max_errors", *SELECTING)
BOUNDS = ("at_least", "at_most")
REQUIRED = ("candidate", "subject", "on", *BOUNDS)
DIGITS = 14
"""Behind the point, of a share: 84.2 of 100 is 0.842."""
TAKES = {"": "all of them", "limit": "the first ones", "sample": "a sample, in the order of its seed"}
ON_WORDS = {"value": "its value", "low": "lower end", "high": "upper end", "every_item": "every item"}


@dataclass(frozen=True)
class PlanForm:
    """What is measured, as it stands in a form."""

    texts: Mapping[str, str]
    requirements: Sequence[Mapping[str, str]]
    """Rows; in each what is required of whom."""
    candidates: Sequence[str]
    subjects: Sequence[tuple[str, str]]
    """What may be required of them: value and name."""
    shares: frozenset[str]
    """Those of them whose values are 0 to 1: of 100 in the form."""
    splits: Sequence[str]
    """Of the items, for suggestions."""
    has_items: bool
    problem: str = ""
    """Why it was not saved; "": nobody has found anything."""
    wrong: str = ""
    """The part that does not fit."""

    takes = tuple(TAKES.items())
    policies = ErrorsPolicy.choices
    ons = tuple((name, ON_WORDS[name]) for name in ON)
    every = EVERY

    @classmethod
    def of(cls, experiment: Experiment) -> "PlanForm":
        """Return the form of what is declared."""
        select = selection_of(experiment)
        taken = [name for name in ("limit", "sample") if name in select] or ["sample"] * ("seed" in select)
        texts = {
            "tags": ", ".join(experiment.tags),
            "trials": str(experiment.trials),
            "errors_policy": experiment.errors_policy,
            "max_errors": experiment.max_errors,
            "split": select.get("split", ""),
            "with_tags": ", ".join(select.get("tags", ())),
            "without_tags": ", ".join(select.get("exclude_tags", ())),
            "keys": "\n".join(select.get("keys", ())),
            "take": next(iter(taken), ""),
            "count": str(select.get("limit", select.get("sample", ""))),
            "seed": str(select.get("seed", "")),
        }
        shares = _shares(experiment)
        return cls._build(experiment, texts, [_row(one, shares) for one in experiment.requirements])

    @classmethod
    def typed(cls, experiment: Experiment, post: QueryDict) -> "PlanForm":
        """Return the form as it was typed."""
        columns = [post.getlist(f"required-{name}") for name in REQUIRED]
        rows = [dict(zip(REQUIRED, cells, strict=True)) for cells in zip(*columns, strict=False)]
        texts = {name: post.get(name, "").replace("\r\n", "\n").strip() for name in TEXTS}
        return cls._build(experiment, texts, [row for row in rows if row["at_least"].strip() or row["at_most"].strip()])

    @classmethod
    def _build(cls, experiment: Experiment, texts: Mapping[str, str], rows: Sequence[Mapping[str, str]]) -> "PlanForm":
        version = experiment.dataset_version
        candidates = experiment.candidates.listed().values_list("name", flat=True)
        declared = experiment.scorers.filter(removed_at=None).values_list("name", flat=True)
        scorers, metrics = [f"scorer:{name}" for name in declared], [f"metric:{name}" for name in METRICS]
        return cls(
            texts,
            rows,
            _with(candidates, (row["candidate"] for row in rows if row["candidate"] != EVERY)),
            [(one, one.partition(":")[2]) for one in _with([*scorers, *metrics], (row["subject"] for row in rows))],
            _shares(experiment),
            version.dataset.split_names if version else [],
            version is not None,
        )

    @property
    def rows(self) -> list[Mapping[str, str]]:
        """The requirements, and an empty row for the next."""
        return [*self.requirements, {}]

    def changes(self) -> dict[str, Any]:
        """Return what the action takes; what does not fit is for it to refuse."""
        texts = self.texts
        changes: dict[str, Any] = {
            "tags": _listed(texts["tags"]),
            "trials": _number(texts["trials"]),
            "errors_policy": texts["errors_policy"],
            "max_errors": texts["max_errors"],
            "require": [_requirement(row, self.shares) for row in self.requirements],
        }
        return {**changes, "select": self._select()} if self.has_items else changes

    def _select(self) -> dict[str, Any]:
        texts = self.texts
        is_sample = texts["take"] == "sample"
        return _given(
            {
                "split": texts["split"],
                "tags": _listed(texts["with_tags"]),
                "exclude_tags": _listed(texts["without_tags"]),
                "keys": [key for line in texts["keys"].split("\n") if (key := line.strip())],
                "limit": _number(texts["count"]) if texts["take"] == "limit" else None,
                "sample": _number(texts["count"]) if is_sample else None,
                "seed": _number(texts["seed"] or "0") if is_sample else None,
            }
        )


def _shares(experiment: Experiment) -> frozenset[str]:
    """Return the subjects of requirements whose values are 0 to 1."""
    scorers = experiment.scorers.filter(range_low=0, range_high=1).values_list("name", flat=True)
    return frozenset(["metric:score", *(f"scorer:{name}" for name in scorers)])


def _scale(subject: str, on: str, shares: frozenset[str]) -> int:
    """Return what a value is multiplied by in the form: shares are of 100 there, as on the board."""
    return 100 if subject in shares or on == "every_item" else 1


def _requirement(row: Mapping[str, str], shares: frozenset[str]) -> dict[str, Any]:
    kind, _, name = row["subject"].partition(":")
    scale = _scale(row["subject"], row["on"], shares)
    bounds = {bound: _divided(_number(row[bound].strip()), scale) for bound in BOUNDS}
    return _given({"candidate": row["candidate"], kind: name, "on": row["on"], **bounds})


def _row(stored: Mapping[str, Any], shares: frozenset[str]) -> dict[str, str]:
    """Return a requirement as the row of the form."""
    subject = f"scorer:{stored['scorer']}" if stored.get("scorer") else f"metric:{stored['metric']}"
    on = stored.get("on", "value")
    scale = _scale(subject, on, shares)
    bounds = {name: "" if stored.get(name) is None else f"{stored[name] * scale:.12g}" for name in BOUNDS}
    return {"candidate": stored["candidate"], "subject": subject, "on": on, **bounds}


def _divided(value: Any, scale: int) -> Any:
    """Return a number on the scale of files; what is none as it is, for the reader to refuse."""
    if scale == 1 or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return round(value / scale, DIGITS)
    except OverflowError:  # a whole number beyond all floats
        return value


def _with(known: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """Return what may be chosen, with what is chosen although it is not there any more."""
    return list(dict.fromkeys([*known, *chosen]))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str) -> Any:
    """Return the number that a text is; another text as it is, for the reader to refuse."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}
