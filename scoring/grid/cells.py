"""The cells of the grid of outputs: what each run made of each item that a page shows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from experiments.among import Among
from experiments.models import Item
from runs.models import Result, Run
from runs.models.results import ORDINAL_BITS, ORDINAL_MASK, ResultFacts, result_id_of
from scoring.boards.comparing import scales_of
from scoring.boards.item_values import Scale
from scoring.grid.outputs import Outputs
from scoring.grid.search import item_ids_at
from scoring.models import CODE, RunScore, Score

MOST_TRIALS = 10
"""Trials of a cell that are read; more of them are in the drawer."""
SHOWN = ("id", "trial", "outcome", "detail", "preview", "cost_usd", "latency_ms")


class _ShownRow(NamedTuple):
    """Its columns, as `SHOWN` names them."""

    pk: int
    trial: int
    outcome: str
    detail: str
    preview: str
    cost_usd: Decimal | None
    latency_ms: int | None


class ShownResult(ResultFacts, _ShownRow):
    """What a cell shows of a result."""

    __slots__ = ()


class Trial(NamedTuple):
    """One stored trial."""

    result: ShownResult
    value: float | None
    """As the cell's, of this trial; None: not judged."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run made of one item."""

    run: Run
    value: float | None
    """Over all trials; None: not judged."""
    trials: list[Trial]
    """Stored ones in their order, the first ten at most; []: none yet."""

    @property
    def result(self) -> ShownResult | None:
        """The result whose output is shown: the first with an answer, else the first."""
        answered = (trial.result for trial in self.trials if not trial.result.is_error)
        return next(answered, self.trials[0].result if self.trials else None)


@dataclass(frozen=True, slots=True)
class Row:
    """One item, what each run made of it."""

    position: int
    item: Item | None
    """None: its case list is still being written."""
    cells: list[Cell]


def rows_of(outputs: Outputs, positions: list[int]) -> list[Row]:
    """Return the rows of these ascending positions, with a fixed number of queries."""
    at = np.array(positions, dtype=np.int64)
    ids = item_ids_at(outputs, at) if positions else {}
    items = Item.objects.in_bulk(set(ids.values()))
    trials = _trials(outputs, positions)
    values = {run.pk: _values_at(outputs, run, positions) for run in outputs.runs}
    return [
        Row(
            position,
            items.get(ids.get(position, 0)),
            [Cell(run, values[run.pk].get(position), trials[run.pk, position]) for run in outputs.runs],
        )
        for position in positions
    ]


def results_per_item(runs: Sequence[Run]) -> int:
    """Return how many results a row of these runs has at most."""
    return sum(min(run.trials, MOST_TRIALS) for run in runs)


def stored_at(outputs: Outputs, positions: list[int]) -> dict[int, dict[int, int]]:
    """Return by position and run id the ordinal of the first stored trial."""
    cases = outputs.case_list.case_count if outputs.case_list else 0
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = Result.objects.filter(Among("pk", _ids(outputs, positions))).order_by("pk")
    for pk in rows.values_list("pk", flat=True):
        ordinal = pk & ORDINAL_MASK
        found[ordinal % cases].setdefault(pk >> ORDINAL_BITS, ordinal)
    return dict(found)


def _ids(outputs: Outputs, positions: list[int]) -> list[int]:
    cases = outputs.case_list.case_count if outputs.case_list else 0
    return [
        result_id_of(run.pk, trial * cases + position)
        for run in outputs.runs
        for trial in range(min(run.trials, MOST_TRIALS))
        for position in positions
    ]


def _values_at(outputs: Outputs, run: Run, positions: list[int]) -> dict[int, float]:
    values = outputs.values[run.pk]
    _, at, _ = np.intersect1d(values.positions, positions, assume_unique=True, return_indices=True)
    return dict(zip(values.positions[at].tolist(), values.means[at].tolist(), strict=True))


def _trials(outputs: Outputs, positions: list[int]) -> dict[tuple[int, int], list[Trial]]:
    """Return the stored trials by the run's id and the position."""
    rows = Result.objects.filter(Among("pk", _ids(outputs, positions))).order_by("pk")
    results = [ShownResult._make(row) for row in rows.values_list(*SHOWN)]
    cases = outputs.case_list.case_count if outputs.case_list else 0
    judged, valued = _judged(outputs, results), _Valued.of(outputs)
    found: dict[tuple[int, int], list[Trial]] = defaultdict(list)
    for result in results:
        found[result.run_id, result.ordinal % cases].append(Trial(result, valued.of_result(judged.get(result.pk, {}))))
    return found


def _judged(outputs: Outputs, results: list[ShownResult]) -> dict[int, dict[int, list[float]]]:
    """Return the values in force by result and scorer; several persons give several."""
    runs = [run.pk for run in outputs.runs]
    declared = {spec.pk: spec.revision for spec in outputs.scorers}
    in_force = {
        row[:2]: row[2] for row in RunScore.objects.filter(run__in=runs).values_list("run", "scorer", "revision")
    }
    wanted = Score.objects.filter(Among("result_id", (result.pk for result in results)), scorer__in=declared)
    rows = wanted.filter(turn=0, value__isnull=False).order_by()
    found: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for pk, scorer, revision, author, value in rows.values_list(
        "result_id", "scorer_id", "revision", "author", "value"
    ):
        if author != CODE or revision == in_force.get((pk >> ORDINAL_BITS, scorer), declared[scorer]):
            found[pk][scorer].append(value)
    return found


@dataclass(frozen=True, slots=True)
class _Valued:
    """How the value of one result comes from those of its scorers."""

    alone: int | None
    """The one scorer whose value it is, as it is; None: they are weighted."""
    weighted: list[tuple[int, float, Scale]]
    """Scorer, weight and scale."""

    @classmethod
    def of(cls, outputs: Outputs) -> "_Valued":
        scales = scales_of(outputs.scorers)
        used = [spec for spec in outputs.scorers if spec.pk in scales and spec.weight > 0]
        alone = outputs.scorers[0].pk if outputs.is_of_one else None
        return cls(alone, [(spec.pk, spec.weight, scales[spec.pk]) for spec in used])

    def of_result(self, judged: dict[int, list[float]]) -> float | None:
        """Return the value; None where one is missing."""
        means = {pk: sum(values) / len(values) for pk, values in judged.items()}
        if self.alone is not None:
            return means.get(self.alone)
        if not self.weighted or any(pk not in means for pk, _, _ in self.weighted):
            return None
        total = sum(weight for _, weight, _ in self.weighted)
        return sum(weight * scale.share(means[pk]) for pk, weight, scale in self.weighted) / total
