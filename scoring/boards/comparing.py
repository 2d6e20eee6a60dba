"""Comparing runs: paired differences of their item scores over the same items, who is ahead where."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalsite.plugins import scorers as registry
from experiments.models import Experiment, ScorerSpec
from runs.models import Run
from scoring.boards.item_values import Floats, Ints, ItemValues, Scale, at
from scoring.boards.kept_values import kept_values
from scoring.boards.matching import Places, SharedScorers
from scoring.boards.weighting import Weighted, item_scores
from scoring.scorers.base import Place
from scoring.statistics import (
    PairedDifference,
    UnpairedDifference,
    difference_of,
    mcnemar_p_value,
    unpaired_difference,
)
from scoring.statistics.standard_errors import are_right_or_wrong

UNCORRECTED = 4
"""Comparisons with one baseline up to which each stands for itself; more of them share the 5 %."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two runs on the items that both have a value for, in the order of the case list."""

    positions: Ints
    first: Floats
    second: Floats
    n_first: int
    """Items that the first has a value for, whether the second has one or not."""
    n_second: int

    @classmethod
    def of(cls, first: ItemValues, second: ItemValues) -> "Pairing":
        """Pair the values of the same items."""
        positions = np.intersect1d(first.positions, second.positions, assume_unique=True)
        return cls(positions, at(first, positions), at(second, positions), first.n, second.n)

    @property
    def differences(self) -> Floats:
        """First minus second, an entry an item."""
        return self.first - self.second

    @property
    def n(self) -> int:
        """Items that both have a value for."""
        return len(self.positions)

    @property
    def missing(self) -> int:
        """Items that only one of them has a value for."""
        return self.n_first + self.n_second - 2 * self.n

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
        return are_right_or_wrong(self.first, self.second)

    @property
    def p_value(self) -> float | None:
        """McNemar's exact p-value; None where values are graded."""
        return mcnemar_p_value(self.wins, self.losses) if self.is_right_or_wrong and self.n else None

    def difference(self, comparisons: int = 1) -> PairedDifference:
        """Return how far the first is ahead; of many comparisons each interval takes its part of the 5 %."""
        shared = comparisons if comparisons > UNCORRECTED else 1
        return difference_of(self.differences, self.missing, confidence=1 - ALPHA / shared)


@dataclass(frozen=True, slots=True)
class Samples:
    """Two runs that share no item: what each of them came to on its own ones."""

    first: Floats
    second: Floats

    @property
    def is_right_or_wrong(self) -> bool:
        """Whether every value is 0 or 1."""
        return are_right_or_wrong(self.first, self.second)

    @property
    def n_first(self) -> int:
        """Items that the first has a value for."""
        return len(self.first)

    @property
    def n_second(self) -> int:
        """Items that the second has a value for."""
        return len(self.second)

    def difference(self) -> UnpairedDifference:
        """Return how far the mean of the first is ahead."""
        return unpaired_difference(self.first, self.second)


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
    specs, kept = experiment.present_scorers(), kept_values([run.pk for run in runs])
    return {run_id: _scores(specs, values, weights) for run_id, values in kept.items()}


def _scores(
    present: list[ScorerSpec], values: Mapping[int, ItemValues], weights: Mapping[str, float] | None
) -> ItemValues:
    """Return the weighted score of every item from what each scorer, by its id, said of it."""
    specs = compared_scorers(present, weights)
    scales = scales_of(specs)
    chosen = {spec.pk: _weight(spec, weights) for spec in specs if spec.pk in scales}
    return item_scores({str(pk): Weighted(chosen[pk], scales[pk], values[pk]) for pk in values if pk in chosen})


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
    """Two runs: over the items that both ran over, else, where they share none, each over its own."""

    first: Run
    second: Run
    overall: Pairing | Samples
    """Of the weighted item scores: a Pairing at the positions of the first's case list."""
    by_scorer: dict[str, Pairing | Samples]
    """Of each scorer that both have with a range, its values between 0 (worst) and 1, by the scorer's name."""
    scorers: SharedScorers
    places: Places | None
    """Where the second's cases stand in the first's list; None: it is the same list."""

    @property
    def is_paired(self) -> bool:
        """Whether they ran over items in common."""
        return isinstance(self.overall, Pairing)

    def positions_in_second(self, positions: Sequence[int]) -> list[int]:
        """Return where items of both stand in the second's case list, from their positions in the first's."""
        return list(positions) if self.places is None else self.places.in_second(positions)


def compare(first: Run, second: Run, weights: Mapping[str, float] | None = None) -> Comparison:
    """Return how two runs compare, as the first's experiment weighs the scorers that both of theirs have.

    Raises NotComparable for runs of two experiments that have no scorer with a weight in common.
    """
    scorers = SharedScorers.of(first.experiment, second.experiment)
    specs = [spec for spec, _ in scorers.pairs]
    if first.experiment_id != second.experiment_id and not compared_scorers(specs, weights):
        raise NotComparable(
            f"The experiments {first.experiment} and {second.experiment} have no weighted scorer in common: "
            "give both one with the same name, kind and range."
        )
    is_one_list = first.case_list.has_cases_of(second.case_list)
    places = None if is_one_list else Places.between(first.case_list_id, second.case_list_id)
    kept = kept_values([first.pk, second.pk])
    one, other = kept.get(first.pk, {}), scorers.of_first(kept.get(second.pk, {}))
    overall = _side_by_side(_scores(specs, one, weights), _scores(specs, other, weights), places)
    return Comparison(first, second, overall, _by_scorer(specs, one, other, places), scorers, places)


class NotComparable(Exception):
    """Two runs that cannot be compared; the text says why."""


def _side_by_side(first: ItemValues, second: ItemValues, places: Places | None) -> Pairing | Samples:
    if places is None:
        return Pairing.of(first, second)
    return Pairing.of(first, places.laid(second)) if places.shared else Samples(first.means, second.means)


def _by_scorer(
    specs: list[ScorerSpec],
    first: Mapping[int, ItemValues],
    second: Mapping[int, ItemValues],
    places: Places | None,
) -> dict[str, Pairing | Samples]:
    scales = scales_of(specs)
    return {
        spec.name: _side_by_side(
            _normalised(scales[spec.pk], first[spec.pk]), _normalised(scales[spec.pk], second[spec.pk]), places
        )
        for spec in specs
        if spec.pk in scales and spec.pk in first and spec.pk in second
    }


def _normalised(scale: Scale, values: ItemValues) -> ItemValues:
    return ItemValues(values.positions, scale.normalise(values.means))
