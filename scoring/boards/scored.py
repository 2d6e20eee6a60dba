"""Reading what was said of a run: its results that count, and the scores of each scorer as item values."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from django.db import models
from numpy.typing import NDArray

from evalsite.plugins import scorers as registry
from experiments.chunks import chunks
from experiments.conditions import Condition
from experiments.models import ErrorsPolicy, Experiment, ScorerSpec
from runs.models import Result, Run
from runs.models.results import ORDINAL_MASK
from runs.outcomes import ANSWERED, ERRORS
from scoring.boards.item_values import Floats, Ints, ItemSums, ItemValues, Scale, item_values, no_values
from scoring.boards.kept_values import kept_items
from scoring.models import CODE, RunRating, Score
from scoring.scorers.base import Place

ROWS_AT_ONCE = 10_000
Row = tuple[int, float | None, int]
"""(result id, value, author) of a score."""
Rows = models.QuerySet[Score, Row]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Which ordinals count: a lowered limit or fewer trials hide results and delete nothing."""

    cases: int
    limit: int
    trials: int

    def counts(self, ordinal: int) -> bool:
        """Return whether the result at an ordinal counts."""
        return ordinal % self.cases < self.limit and ordinal // self.cases < self.trials

    def positions(self, result_ids: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Return (positions of the results that count, the mask that chose them)."""
        ordinals = result_ids & ORDINAL_MASK
        positions, trials = ordinals % self.cases, ordinals // self.cases
        counting = (positions < self.limit) & (trials < self.trials)
        return positions[counting], counting


@dataclass(frozen=True, slots=True)
class CountingResults:
    """The results of a run that count: how many each position of its case list has."""

    prefix: Prefix
    answered: Ints
    """With output."""
    failed: Ints
    policy: str

    @property
    def items(self) -> int:
        """Items with output; under the policy `zero` also those that only failed."""
        seen = self.answered + self.failed if self.policy == ErrorsPolicy.ZERO else self.answered
        return int(np.count_nonzero(seen))

    @property
    def answered_count(self) -> int:
        """Results with output."""
        return int(self.answered.sum())

    @property
    def count(self) -> int:
        """All of them."""
        return self.answered_count + int(self.failed.sum())


@dataclass(slots=True)
class Scored:
    """What one scorer said of a run."""

    spec: ScorerSpec
    values: ItemValues = field(default_factory=no_values)
    none_count: int = 0
    """Results that it could not judge."""
    lacking: int = 0
    """Answered results without a verdict of it (code only)."""
    is_code: bool = True
    asked: int = 0
    """Items with output that it is asked about."""
    is_asked: bool = True
    """Whether it is asked about any item at all that has a result."""
    is_of_run: bool = False
    """Whether it is a person's rating of the run as a whole, of no item."""

    @property
    def scale(self) -> Scale:
        """Its range and direction; 0 to 1 where none is declared (then it bears no weight)."""
        low, high = self.spec.range_low, self.spec.range_high
        if low is None or high is None:
            return Scale(0.0, 1.0, self.spec.higher_is_better)
        return Scale(low, high, self.spec.higher_is_better)


def prefix_of(run: Run) -> Prefix:
    """Return which ordinals of a run count for its experiment as it is declared now."""
    experiment: Experiment = run.experiment
    cases = max(1, run.case_list.case_count)
    if run.is_ad_hoc:
        return Prefix(cases, cases, run.trials)
    return Prefix(cases, min(experiment.item_limit or cases, cases), experiment.trials)


def counting_results(run: Run) -> CountingResults:
    """Return the results of a run that count for its experiment as it is declared now."""
    return _counting(Result.objects.of_run(run), prefix_of(run), run.experiment.errors_policy)


def kept_results(run: Run) -> CountingResults | None:
    """Return them as the last summing up has kept them, at most one an item; None: it kept nothing."""
    sets = kept_items([run.pk]).get(run.pk)
    if sets is None:
        return None
    prefix = prefix_of(run)
    answered, failed = (np.bincount(positions, minlength=prefix.cases) for positions in (sets.answered, sets.failed))
    return CountingResults(prefix, answered, failed, run.experiment.errors_policy)


def is_of_people(spec: ScorerSpec) -> bool:
    """Return whether people give its scores."""
    return registry.get(spec.kind).place is Place.NOWHERE


def _counting(rows: "models.QuerySet[Result]", prefix: Prefix, policy: str) -> CountingResults:
    answered, failed = (_counted(rows.filter(outcome__in=outcomes), prefix) for outcomes in (ANSWERED, ERRORS))
    return CountingResults(prefix, answered, failed, policy)


def _asked(run: Run, spec: ScorerSpec, results: CountingResults) -> CountingResults:
    """Return the results of the items that a scorer is asked about: all, unless it has a condition."""
    if not spec.when:
        return results
    rows = Result.objects.of_run(run).filter(Condition.of(spec.when).query("item__"))
    return _counting(rows, results.prefix, results.policy)


def scored_by(run: Run, spec: ScorerSpec, results: CountingResults) -> Scored:
    """Return what one scorer said of the results that count: those of the items that it is asked about."""
    asked = _asked(run, spec, results)
    scored = _scored(run, spec, asked)
    scored.asked = asked.items
    scored.is_asked = not spec.when or asked.count > 0
    return scored


def _scored(run: Run, spec: ScorerSpec, results: CountingResults) -> Scored:
    rows = Score.objects.of_run(run).filter(scorer=spec.pk, revision=spec.revision, turn=0).order_by()
    columns = ("result_id", "value", "author")
    if is_of_people(spec):
        return _by_people(run, spec, list(rows.by_people().values_list(*columns)), results)
    return _by_code(spec, rows.values_list(*columns), results)


def _by_code(spec: ScorerSpec, rows: Rows, results: CountingResults) -> Scored:
    """Take in the scores some at a time: a run may have millions."""
    scored = Scored(spec)
    sums, seen = ItemSums(results.prefix.cases), 0
    for ids, values in _in_arrays(rows):
        positions, counting = results.prefix.positions(ids)
        values = values[counting]
        is_judged = ~np.isnan(values)
        sums.add(positions[is_judged], values[is_judged])
        seen += len(values)
        scored.none_count += int((~is_judged).sum())
    if results.policy == ErrorsPolicy.ZERO:
        sums.add_same(results.failed, scored.scale.worst)
    scored.values = sums.values()
    scored.lacking = max(0, results.answered_count - seen)
    return scored


def _in_arrays(rows: Rows) -> Iterator[tuple[Ints, Floats]]:
    """Yield what code said as (result ids, values; NaN for None), some rows at a time."""
    for some in chunks(rows.iterator(ROWS_AT_ONCE), ROWS_AT_ONCE):
        said = [row for row in some if row[2] == CODE]
        values = [np.nan if value is None else value for _, value, _ in said]
        yield np.array([row[0] for row in said], dtype=np.int64), np.array(values, dtype=np.float64)


def _by_people(run: Run, spec: ScorerSpec, rows: list[Row], results: CountingResults) -> Scored:
    """Average several persons per result; ratings of the run as a whole count where no result was rated."""
    by_result: dict[int, list[float]] = defaultdict(list)
    for result_id, value, _author in rows:
        if value is not None:
            by_result[result_id].append(value)
    ids = np.array(list(by_result), dtype=np.int64)
    positions, counting = results.prefix.positions(ids)
    means = np.array([_mean(values) for values in by_result.values()], dtype=np.float64)[counting]
    if spec.when:
        is_asked = results.answered[positions] > 0
        positions, means = positions[is_asked], means[is_asked]
    if not len(means):
        return Scored(spec, _ratings_of(run, spec), is_code=False, is_of_run=True)
    return Scored(spec, item_values(positions, means), is_code=False)


def _ratings_of(run: Run, spec: ScorerSpec) -> ItemValues:
    """Return the mean rating of the run as one value (several raters are one judgement of one thing)."""
    mean = RunRating.objects.filter(run=run, scorer=spec).aggregate(mean=models.Avg("value"))["mean"]
    values = [] if mean is None else [mean]
    return ItemValues(np.arange(len(values), dtype=np.int64), np.array(values, dtype=np.float64))


def _counted(rows: "models.QuerySet[Result]", prefix: Prefix) -> Ints:
    """Return how many of the rows that count each position has; they are read some at a time."""
    counts = np.zeros(prefix.cases, dtype=np.int64)
    ids = rows.order_by().values_list("pk", flat=True).iterator(ROWS_AT_ONCE)
    for some in chunks(ids, ROWS_AT_ONCE):
        positions, _ = prefix.positions(np.array(some, dtype=np.int64))
        counts += np.bincount(positions, minlength=prefix.cases)
    return counts


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)
