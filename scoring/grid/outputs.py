"""The outputs of several runs over the same items: which items failed, differ, vary or wait for a rating.

Read from what summing up keeps of every item, so that no view reads the scores of a whole run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from evalsite.plugins import scorers as registry
from experiments.actions.case_lists import identity_of
from experiments.models import CaseList, Experiment, ScorerSpec
from runs.models import Run
from scoring.boards.comparing import compared_scorers, scales_of
from scoring.boards.item_values import ROUNDING, Ints, ItemValues
from scoring.boards.kept_values import ItemSets, kept_items, kept_values
from scoring.boards.weighting import Weighted, item_scores
from scoring.scorers.base import Place

MOST_COLUMNS = 5
Mask = NDArray[np.bool_]
"""One entry a position of the case list."""


class Mode(StrEnum):
    """Which items are asked for."""

    ALL = "all"
    FAILURES = "failures"  # an answer does not pass a scorer
    ERRORS = "errors"  # a result came to an error
    DIFFERENT = "different"  # the runs have different values
    FLAKY = "flaky"  # trials of one run have different values
    UNRATED = "unrated"  # an answer that nobody has rated


@dataclass(frozen=True, slots=True)
class Outputs:
    """The items of some runs, by what became of them."""

    runs: list[Run]
    case_list: CaseList | None
    """None: no run."""
    scorers: list[ScorerSpec]
    """That the items are judged by."""
    values: dict[int, ItemValues]
    """By the run's id: the weighted score of each item, or the value of the one scorer that was asked for."""
    is_of_one: bool
    """Whether they are of one scorer, in its own range."""
    masks: dict[Mode, Mask]

    @property
    def is_share(self) -> bool:
        """Whether the values lie between 0 and 1."""
        return not self.is_of_one or (self.scorers[0].range_low, self.scorers[0].range_high) == (0.0, 1.0)

    def positions(self, mode: Mode) -> Ints:
        """Return the positions of a mode, ascending."""
        found: Ints = np.flatnonzero(self.masks[mode])
        return found

    def count(self, mode: Mode) -> int:
        """Return how many items a mode has."""
        return int(np.count_nonzero(self.masks[mode]))

    def within(self, wanted: Mask) -> "Outputs":
        """Return these outputs with the wanted positions only."""
        return replace(self, masks={mode: mask & wanted for mode, mask in self.masks.items()})


def runs_with_outputs(experiment: Experiment) -> list[Run]:
    """Return the runs over the present items of those candidates that compete, the baseline's first."""
    if experiment.dataset_version_id is None:
        return []
    present = identity_of(experiment)
    rows = experiment.runs.planned().filter(case_list__identity_hash=present, candidate__removed_at=None)
    runs = list(rows.select_related("candidate", "case_list").order_by("candidate__position", "pk"))
    for run in runs:
        run.experiment = experiment
    return sorted(runs, key=lambda run: run.candidate_id != experiment.baseline_id)


def outputs_of(experiment: Experiment, runs: Sequence[Run], scorer: ScorerSpec | None = None) -> Outputs:
    """Return the outputs of runs over one case list; of one scorer where it is named, else by the weights."""
    ids = [run.pk for run in runs]
    specs = [scorer] if scorer else compared_scorers(experiment.present_scorers())
    kept, sets = kept_values(ids), kept_items(ids)
    values = {pk: _shown(specs, kept.get(pk, {}), is_alone=scorer is not None) for pk in ids}
    masks = _masks(
        _length(experiment, runs),
        list(values.values()),
        [_Judged(sets.get(pk, ItemSets()), [(spec, kept.get(pk, {}).get(spec.pk)) for spec in specs]) for pk in ids],
    )
    return Outputs(list(runs), runs[0].case_list if runs else None, specs, values, scorer is not None, masks)


def _length(experiment: Experiment, runs: Sequence[Run]) -> int:
    """Return how many positions are planned: a lowered limit hides results and deletes nothing."""
    planned = max((run.case_limit for run in runs), default=0)
    return min(planned, experiment.item_limit or planned)


def _shown(specs: list[ScorerSpec], kept: dict[int, ItemValues], *, is_alone: bool) -> ItemValues:
    if is_alone:
        return kept.get(specs[0].pk, item_scores({}))
    scales = scales_of(specs)
    judged = [spec for spec in specs if spec.pk in scales and spec.pk in kept]
    return item_scores({spec.name: Weighted(spec.weight, scales[spec.pk], kept[spec.pk]) for spec in judged})


@dataclass(frozen=True, slots=True)
class _Judged:
    """What became of one run's items, and what each scorer says of them."""

    sets: ItemSets
    values: list[tuple[ScorerSpec, ItemValues | None]]

    @property
    def known(self) -> list[tuple[ScorerSpec, ItemValues]]:
        return [(spec, values) for spec, values in self.values if values is not None]


def _masks(length: int, values: list[ItemValues], judged: list[_Judged]) -> dict[Mode, Mask]:
    answered = [_mask(length, [one.sets.answered]) for one in judged]
    unrated = [mask & ~_mask(length, [one.sets.rated]) for mask, one in zip(answered, judged, strict=True)]
    failing = [
        mask & _mask(length, (failing_at(spec, found) for spec, found in _strict(one.known)))
        for mask, one in zip(answered, judged, strict=True)
    ]
    return {
        Mode.ALL: np.ones(length, dtype=np.bool_),
        Mode.FAILURES: _any(length, failing),
        Mode.ERRORS: _mask(length, (one.sets.failed for one in judged)),
        Mode.DIFFERENT: _differing(length, values),
        Mode.FLAKY: _mask(length, (found.varying for one in judged for _, found in one.known)),
        Mode.UNRATED: _any(length, unrated),
    }


def _strict(known: list[tuple[ScorerSpec, ItemValues]]) -> list[tuple[ScorerSpec, ItemValues]]:
    """Return the scorers that tell right from wrong; where none does, all of them: measures have no wrong end."""
    strict = [(spec, values) for spec, values in known if _tells_right_from_wrong(spec)]
    return strict or known


def _tells_right_from_wrong(spec: ScorerSpec) -> bool:
    kind = registry.get(spec.kind)
    return spec.pass_value is not None or (kind.place is not Place.NOWHERE and kind.natural_range is not None)


def failing_at(spec: ScorerSpec, values: ItemValues) -> Ints:
    """Return the positions whose mean does not pass a scorer; none where nothing says what passes."""
    mark = spec.pass_mark
    if mark is None:
        return values.positions[:0]
    behind = values.means < mark - ROUNDING if spec.higher_is_better else values.means > mark + ROUNDING
    return values.positions[behind]


def _mask(length: int, sets: Iterable[Ints]) -> Mask:
    mask = np.zeros(length, dtype=np.bool_)
    for positions in sets:
        mask[positions[positions < length]] = True
    return mask


def _any(length: int, masks: Iterable[Mask]) -> Mask:
    found = np.zeros(length, dtype=np.bool_)
    for mask in masks:
        found |= mask
    return found


def _differing(length: int, values: list[ItemValues]) -> Mask:
    """Return where two runs at least have values that are not the same."""
    low, high = np.full(length, np.inf), np.full(length, -np.inf)
    for one in values:
        inside = one.positions < length
        at, means = one.positions[inside], one.means[inside]
        low[at], high[at] = np.minimum(low[at], means), np.maximum(high[at], means)
    differing: Mask = high - low > ROUNDING
    return differing
