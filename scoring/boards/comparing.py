"""Comparing runs over the same items: paired differences of their item scores, who is ahead where."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalsite.plugins import scorers as registry
from experiments.models import Experiment, ScorerSpec
from runs.models import Run
from scoring.boards.item_values import Floats, Ints, ItemValues, Scale, at
from scoring.boards.kept_values import kept_values
from scoring.boards.weighting import Weighted, item_scores
from scoring.scorers.base import Place
from scoring.statistics import PairedDifference, difference_of, mcnemar_p_value

UNCORRECTED = 4
"""Comparisons with one baseline up to which each stands for itself; more of them share the 5 %."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two runs on the items that both have a value for, in the order of the case list."""

    positions: Ints
    first: Floats
    second: Floats
    missing: int
    """Items that only one of them has a value for."""

    @classmethod
    def of(cls, first: ItemValues, second: ItemValues) -> "Pairing":
        """Pair the values of the same items."""
        positions = np.intersect1d(first.positions, second.positions, assume_unique=True)
        missing = first.n + second.n - 2 * len(positions)
        return cls(positions, at(first, positions), at(second, positions), missing)

    @property
    def differences(self) -> Floats:
        """First minus second, an entry an item."""
        return self.first - self.second

    @property
    def n(self) -> int:
        """Items that both have a value for."""
        return len(self.positions)

    @property
    def wins(self) -> int:
        """Items on which the first is ahead."""
        return int((self.differences > 0).sum())

    @property
    def losses(self) -> int:
        """Items on which the second is ahead."""
        return int((self.differences < 0).sum())

    @property
    def ties(self) -> int:
        """Items on which they are equal."""
        return self.n - self.wins - self.losses

    @property
    def is_right_or_wrong(self) -> bool:
        """Whether every value is 0 or 1."""
        return bool(np.isin(self.first, (0.0, 1.0)).all() and np.isin(self.second, (0.0, 1.0)).all())

    @property
    def p_value(self) -> float | None:
        """McNemar's exact p-value; None where values are graded."""
        return mcnemar_p_value(self.wins, self.losses) if self.is_right_or_wrong and self.n else None

    def difference(self, comparisons: int = 1) -> PairedDifference:
        """Return how far the first is ahead; of many comparisons each interval takes its part of the 5 %."""
        shared = comparisons if comparisons > UNCORRECTED else 1
        return difference_of(self.differences, self.missing, confidence=1 - ALPHA / shared)


def scales_of(specs: Collection[ScorerSpec]) -> dict[int, Scale]:
    """Return the scale of each scorer that has a range, by its id."""
    return {
        spec.pk: Scale(spec.range_low, spec.range_high, spec.higher_is_better)
        for spec in specs
        if spec.range_low is not None and spec.range_high is not None
    }


def scores_by_item(
    experiment: Experiment, runs: Sequence[Run], weights: Mapping[str, float] | None = None
) -> dict[int, ItemValues]:
    """Return the weighted score of every item by the run's id; `weights` are tried in place of the experiment's.

    People rate some items only, and scorers with a condition judge some: they count where no other has a weight.
    """
    specs = compared_scorers(experiment.present_scorers(), weights)
    scales, kept = scales_of(specs), kept_values([run.pk for run in runs])
    chosen = {spec.pk: _weight(spec, weights) for spec in specs if spec.pk in scales}
    return {
        run_id: item_scores({str(pk): Weighted(chosen[pk], scales[pk], values[pk]) for pk in values if pk in chosen})
        for run_id, values in kept.items()
    }


def _weight(spec: ScorerSpec, weights: Mapping[str, float] | None) -> float:
    return spec.weight if weights is None else weights.get(spec.name, 0.0)


def compared_scorers(specs: list[ScorerSpec], weights: Mapping[str, float] | None = None) -> list[ScorerSpec]:
    """Return the scorers that items are compared by: those of code with a weight, else those of people."""
    weighted = [spec for spec in specs if _weight(spec, weights) > 0]
    code = [spec for spec in weighted if registry.get(spec.kind).place is not Place.NOWHERE]
    return [spec for spec in code if not spec.when] or code or weighted


def differences_to(
    baseline: Run, runs: Sequence[Run], weights: Mapping[str, float] | None = None
) -> dict[int, PairedDifference]:
    """Return how far each run is ahead of the baseline's on the same items, by the run's id."""
    scores = scores_by_item(baseline.experiment, [baseline, *runs], weights)
    if baseline.pk not in scores:
        return {}
    others = [run.pk for run in runs if run.pk != baseline.pk and run.pk in scores]
    return {pk: Pairing.of(scores[pk], scores[baseline.pk]).difference(len(others)) for pk in others}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the same items."""

    first: Run
    second: Run
    overall: Pairing
    """Of the weighted item scores."""
    by_scorer: dict[str, Pairing]
    """Of each scorer that has a range, its values between 0 (worst) and 1, by the scorer's name."""


def compare(first: Run, second: Run, weights: Mapping[str, float] | None = None) -> Comparison:
    """Return how two runs of one case list compare. Raises NotComparable for runs over other items."""
    if first.case_list_id != second.case_list_id:
        raise NotComparable("They ran over other items: only runs over the same items can be compared.")
    scores = scores_by_item(first.experiment, [first, second], weights)
    nothing = ItemValues(np.empty(0, dtype=np.int64), np.empty(0))
    overall = Pairing.of(scores.get(first.pk, nothing), scores.get(second.pk, nothing))
    return Comparison(first, second, overall, _by_scorer(first, second))


class NotComparable(Exception):
    """Two runs that cannot be compared; the text says why."""


def _by_scorer(first: Run, second: Run) -> dict[str, Pairing]:
    specs = list(first.experiment.scorers.filter(removed_at=None).order_by("position", "pk"))
    scales, kept = scales_of(specs), kept_values([first.pk, second.pk])
    one, other = kept.get(first.pk, {}), kept.get(second.pk, {})
    return {
        spec.name: Pairing.of(_normalised(scales[spec.pk], one[spec.pk]), _normalised(scales[spec.pk], other[spec.pk]))
        for spec in specs
        if spec.pk in scales and spec.pk in one and spec.pk in other
    }


def _normalised(scale: Scale, values: ItemValues) -> ItemValues:
    return ItemValues(values.positions, scale.normalise(values.means))
