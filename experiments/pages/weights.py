"""Weights that are tried on the board before they are saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from experiments.actions import ActionRefused
from experiments.actions.scorers import checked_weights
from experiments.models import Experiment, ScorerSpec

PREFIX = "w."


@dataclass(frozen=True)
class WeightField:
    """One scorer's weight as it stands in the form."""

    scorer: ScorerSpec
    text: str
    """What was typed, else the weight in force."""

    @property
    def name(self) -> str:
        """The field's name."""
        return f"{PREFIX}{self.scorer.name}"


@dataclass(frozen=True)
class WeightsForm:
    """The weights in force, and those that the address tries in their place."""

    experiment: Experiment
    fields: list[WeightField]
    tried: dict[str, float] | None
    """None: none are tried, or they do not fit."""
    problem: str
    """What does not fit; "": all does."""

    @classmethod
    def build(cls, experiment: Experiment, typed: QueryDict) -> "WeightsForm":
        """Return the form; only scorers with a range may bear a weight."""
        specs = [spec for spec in experiment.present_scorers() if spec.range_low is not None]
        fields = [WeightField(spec, typed.get(f"{PREFIX}{spec.name}", f"{spec.weight:g}")) for spec in specs]
        tried, problem = _tried(fields) if any(field.name in typed for field in fields) else (None, "")
        return cls(experiment, fields, tried, problem)

    @property
    def is_open(self) -> bool:
        """Whether something is tried."""
        return self.tried is not None or bool(self.problem)

    @property
    def query(self) -> str:
        """The query that tries these weights; "" for those in force."""
        if self.tried is None:
            return ""
        query = QueryDict(mutable=True)
        query.update({f"{PREFIX}{name}": f"{weight:g}" for name, weight in self.tried.items()})
        return f"?{query.urlencode()}"


def _tried(fields: list[WeightField]) -> tuple[dict[str, float] | None, str]:
    specs: Mapping[str, ScorerSpec] = {field.scorer.name: field.scorer for field in fields}
    try:
        return checked_weights(specs, {field.scorer.name: _number(field) for field in fields}), ""
    except ActionRefused as refusal:
        return None, str(refusal)


def _number(field: WeightField) -> float:
    try:
        return float(field.text.strip() or "0")
    except ValueError:
        raise ActionRefused("weights", f"the weight of {field.scorer.name} is a number, as in 2 or 0.5") from None
