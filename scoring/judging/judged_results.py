"""The results of a run that count, each with its item, its whole answer and what the scorers in force said of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from experiments.models import Item, ScorerSpec
from runs.models import Result, Run
from runs.transcripts import output_of
from scoring.boards.scored import prefix_of
from scoring.models import Score

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
    prefix, revisions = prefix_of(run), {spec.pk: spec.revision for spec in specs}
    results = Result.objects.of_run(run).select_related("item", "transcript").order_by("pk")
    after = -1
    while rows := list(results.filter(pk__gt=after)[:RESULTS_AT_ONCE]):
        after = rows[-1].pk
        scores: dict[int, dict[int, list[Score]]] = defaultdict(lambda: defaultdict(list))
        for score in Score.objects.between(rows[0].pk, after + 1).filter(turn=0, scorer__in=revisions):
            if score.revision == revisions[score.scorer_id]:
                scores[score.result_id][score.scorer_id].append(score)
        yield from (JudgedResult(row, dict(scores[row.pk])) for row in rows if prefix.counts(row.ordinal))
