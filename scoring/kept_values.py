"""Item values as they are kept: what summing up found, ready for comparing without reading a score again."""

import zlib
from collections import defaultdict
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from scoring.item_values import ItemValues
from scoring.models import RunScore, RunScoreItems

FASTEST = 1
POSITION, MEAN = np.dtype("<i4"), np.dtype("<f8")


def keep_values(run_score: RunScore, values: ItemValues) -> None:
    """Store the item values that a run's score was summed up from, in place of the former ones."""
    packed = {"positions": _packed(values.positions, POSITION), "means": _packed(values.means, MEAN)}
    RunScoreItems.objects.update_or_create(run_score=run_score, defaults=packed)


def kept_values(run_ids: Collection[int]) -> dict[int, dict[int, ItemValues]]:
    """Return the item values of the runs by the run's id and the scorer's, with one query for all of them."""
    rows = RunScoreItems.objects.filter(run_score__run__in=run_ids, run_score__scorer__removed_at=None)
    found: dict[int, dict[int, ItemValues]] = defaultdict(dict)
    for run_id, scorer_id, positions, means in rows.values_list(
        "run_score__run_id", "run_score__scorer_id", "positions", "means"
    ):
        found[run_id][scorer_id] = ItemValues(_unpacked(positions, POSITION).astype(np.int64), _unpacked(means, MEAN))
    return dict(found)


def _packed(values: "NDArray[np.int64] | NDArray[np.float64]", kind: "np.dtype[np.generic]") -> bytes:
    return zlib.compress(values.astype(kind).tobytes(), FASTEST)


def _unpacked(stored: bytes | memoryview, kind: "np.dtype[np.generic]") -> "NDArray[np.float64]":
    return np.frombuffer(zlib.decompress(stored), dtype=kind)
