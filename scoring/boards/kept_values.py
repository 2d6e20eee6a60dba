"""What summing up found of every item, kept: comparing and the grid of outputs read it and no score again."""

import zlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runs.models import Run
from scoring.boards.item_values import Ints, ItemValues, no_positions
from scoring.models import RunItems, RunScore, RunScoreItems

FASTEST = 1
POSITION, MEAN = np.dtype("<i4"), np.dtype("<f8")


@dataclass(frozen=True, slots=True)
class ItemSets:
    """What became of the items of a run: positions in its case list, ascending."""

    answered: Ints = field(default_factory=no_positions)
    """With an answered result."""
    failed: Ints = field(default_factory=no_positions)
    """With an errored result."""
    rated: Ints = field(default_factory=no_positions)
    """With a result that a person has rated."""


def keep_values(run_score: RunScore, values: ItemValues) -> None:
    """Store the item values that a run's score was summed up from, in place of the former ones."""
    packed = {
        "positions": _packed(values.positions, POSITION),
        "means": _packed(values.means, MEAN),
        "varying": _packed(values.varying, POSITION),
    }
    RunScoreItems.objects.update_or_create(run_score=run_score, defaults=packed)


def keep_items(run: Run, sets: ItemSets) -> None:
    """Store what became of the items of a run, in place of what was stored."""
    packed = {name: _packed(getattr(sets, name), POSITION) for name in ("answered", "failed", "rated")}
    RunItems.objects.update_or_create(run=run, defaults=packed)


def kept_values(run_ids: Collection[int]) -> dict[int, dict[int, ItemValues]]:
    """Return the item values of the runs by the run's id and the scorer's, with one query for all of them."""
    rows = RunScoreItems.objects.filter(run_score__run__in=run_ids, run_score__scorer__removed_at=None)
    found: dict[int, dict[int, ItemValues]] = defaultdict(dict)
    for run_id, scorer_id, positions, means, varying in rows.values_list(
        "run_score__run_id", "run_score__scorer_id", "positions", "means", "varying"
    ):
        found[run_id][scorer_id] = ItemValues(_positions(positions), _unpacked(means, MEAN), _positions(varying))
    return dict(found)


def kept_items(run_ids: Collection[int]) -> dict[int, ItemSets]:
    """Return what became of the items of each run that was summed up, by its id, with one query."""
    rows = RunItems.objects.filter(run__in=run_ids).values_list("run_id", "answered", "failed", "rated")
    return {run_id: ItemSets(*map(_positions, packed)) for run_id, *packed in rows}


def _packed(values: "NDArray[np.int64] | NDArray[np.float64]", kind: "np.dtype[np.generic]") -> bytes:
    return zlib.compress(values.astype(kind).tobytes(), FASTEST)


def _positions(stored: bytes | memoryview) -> Ints:
    return _unpacked(stored, POSITION).astype(np.int64) if stored else no_positions()


def _unpacked(stored: bytes | memoryview, kind: "np.dtype[np.generic]") -> "NDArray[np.float64]":
    return np.frombuffer(zlib.decompress(stored), dtype=kind)
