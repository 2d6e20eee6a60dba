"""The results of a run that count, each with its item, its whole answer and what the scorers in force said of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from experiments.models import Item, ScorerSpec
from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.transcripts import output_of
from scoring.boards.scored import prefix_of
from scoring.models import Score, ScoreQuerySet

RESULTS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class JudgedResult:
    """One result and what was said of it."""

    result: Result
    scores: dict[int, list[Score]]
    """By the scorer's id: one of code, of people one a person."""

    @property
    def item(self) -> Item:
        """The item that was asked about."""
        return self.result.item

    @property
    def output(self) -> str:
        """The whole text of the answer; "" where there is none."""
        return output_of(self.result)


def judged_results(run: Run, specs: Sequence[ScorerSpec]) -> Iterator[JudgedResult]:
    """Yield the run's results that count in the order of their ordinals, read a chunk at a time."""
    prefix, after = prefix_of(run), -1
    results = Result.objects.of_run(run).select_related("item", "transcript").order_by("pk")
    while rows := list(results.filter(pk__gt=after)[:RESULTS_AT_ONCE]):
        after = rows[-1].pk
        scores = _said(Score.objects.between(rows[0].pk, after + 1), specs)
        yield from (JudgedResult(row, dict(scores[row.pk])) for row in rows if prefix.counts(row.ordinal))


def judged_by_item(run: Run, specs: Sequence[ScorerSpec]) -> Iterator[JudgedResult]:
    """Yield the run's results that count item by item, all trials of one together, some items at a time."""
    prefix = prefix_of(run)
    positions = range(min(prefix.limit, prefix.cases))
    step = items_at_once([run], prefix.trials)
    for start in positions[::step]:
        yield from (judged for _, judged in judged_at([run], specs, positions[start : start + step], prefix.trials))


def items_at_once(runs: Sequence[Run], trials: int) -> int:
    """Return of how many items so many trials of these runs are read at once."""
    return max(1, RESULTS_AT_ONCE // max(1, len(runs) * trials))


def judged_at(
    runs: Sequence[Run], specs: Sequence[ScorerSpec], positions: Sequence[int], trials: int
) -> Iterator[tuple[Run, JudgedResult]]:
    """Yield the stored results of runs over one case list at these positions: by position, then run, then trial."""
    cases = runs[0].case_list.case_count
    order = [(run, trial * cases + p) for p in positions for run in runs for trial in range(trials)]
    ids = [result_id_of(run.pk, ordinal) for run, ordinal in order]
    results = Result.objects.select_related("transcript").prefetch_related("item").in_bulk(ids)
    scores = _said(Score.objects.filter(result__in=list(results)), specs)
    for (run, _), pk in zip(order, ids, strict=True):
        if pk in results:
            yield run, JudgedResult(results[pk], dict(scores[pk]))


def _said(scores: ScoreQuerySet, specs: Sequence[ScorerSpec]) -> dict[int, dict[int, list[Score]]]:
    """Return what was said under the revisions in force, by result and scorer."""
    revisions = {spec.pk: spec.revision for spec in specs}
    found: dict[int, dict[int, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for score in scores.filter(turn=0, scorer__in=revisions):
        if score.revision == revisions[score.scorer_id]:
            found[score.result_id][score.scorer_id].append(score)
    return found
