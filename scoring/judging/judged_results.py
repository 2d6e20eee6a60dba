"""The results of a run that count, each with its item, its whole answer and what the scorers in force said of it.

Read as plain rows, a thousand at once: files have a million of them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import orjson
from django.db.models import TextField, Value
from django.db.models.functions import Cast

from experiments.among import Among
from experiments.models import Item, ScorerSpec
from experiments.models.datasets import split_tags
from runs.models import Result, Run, Transcript
from runs.models.results import ResultFacts, result_id_of, tokens_per_s
from runs.transcripts import output_in
from scoring.boards.scored import prefix_of
from scoring.models import Score, ScoreQuerySet

RESULTS_AT_ONCE = 1000
RESULT = (
    "id",
    "item_id",
    "trial",
    "outcome",
    "detail",
    "tokens_in",
    "tokens_out",
    "cost_usd",
    "latency_ms",
    "first_token_ms",
)
COSTS = ("tokens_in", "tokens_out", "cost_usd", "first_token_ms")
ITEM = ("id", "key", "input", "expected", "tags", "split")
SCORE = ("result_id", "scorer_id", "revision", "author", "value", "label", "extracted", "explanation", "error")


class AskedItem(NamedTuple):
    """What a result was asked about."""

    pk: int
    key: str
    input: Any
    expected: Any
    tags: str
    """As they are stored."""
    split: str

    @property
    def tag_list(self) -> tuple[str, ...]:
        """The tags as a tuple."""
        return split_tags(self.tags)


class Said(NamedTuple):
    """A score, as it is stored."""

    result_id: int
    scorer_id: int
    revision: int
    author: int
    value: float | None
    label: str
    extracted: str | None
    explanation: str
    error: str


Scores = dict[int, list[Said]]
"""By the scorer's id: one of code, of people one a person."""


Shown = Callable[[Scores], bool]
"""Whether an answer is going to be shown, by what was said of it."""


class _Beside:
    """Items and answers of some results, read for all of them when the first is asked for."""

    def __init__(self, results: Collection[int], items: Collection[int]) -> None:
        """The answers are those of these results; asked for that of another it raises KeyError."""
        self._results, self._items = results, items

    @cached_property
    def items(self) -> dict[int, AskedItem]:
        """Items by their id."""
        rows = Item.objects.filter(Among("pk", self._items)).order_by().values_list(*ITEM)
        return {row[0]: AskedItem._make(row) for row in rows}

    @cached_property
    def outputs(self) -> dict[int, str]:
        """Whole answers by the result's id; "" for those without a transcript."""
        rows = Transcript.objects.filter(Among("result_id", self._results)).order_by()
        stored = Cast("body", TextField())  # read here: Django's reading of JSON takes three times as long
        found = {pk: output_in(orjson.loads(body)) for pk, body in rows.values_list("result_id", stored)}
        return dict.fromkeys(self._results, "") | found


class _JudgedRow(NamedTuple):
    """Its columns, as `RESULT` names them, and what is beside it."""

    pk: int
    item_id: int
    trial: int
    outcome: str
    detail: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Decimal | None
    latency_ms: int | None
    first_token_ms: int | None
    scores: Scores
    beside: _Beside


class JudgedResult(ResultFacts, _JudgedRow):
    """One result and what was said of it."""

    __slots__ = ()

    @property
    def tokens_per_s(self) -> float | None:
        """How fast the answer came after its first word, as `Result.tokens_per_s`."""
        return tokens_per_s(self.latency_ms, self.first_token_ms, self.tokens_out)

    @property
    def item(self) -> AskedItem:
        """The item that was asked about."""
        return self.beside.items[self.item_id]

    @property
    def output(self) -> str:
        """The whole text of the answer; "" where there is none. Raises KeyError for one that was not to be shown."""
        return self.beside.outputs[self.pk]


def judged_results(run: Run, specs: Sequence[ScorerSpec]) -> Iterator[JudgedResult]:
    """Yield the run's results that count in the order of their ordinals, read a chunk at a time."""
    prefix, after = prefix_of(run), -1
    results = Result.objects.of_run(run).order_by("pk").values_list(*RESULT)
    while rows := list(results.filter(pk__gt=after)[:RESULTS_AT_ONCE]):
        after = rows[-1][0]
        judged = _judged(rows, Score.objects.between(rows[0][0], after + 1), specs)
        yield from (one for one in judged if prefix.counts(one.ordinal))


def judged_by_item(run: Run, specs: Sequence[ScorerSpec], shown: Shown) -> Iterator[JudgedResult]:
    """Yield the run's results that count item by item, all trials of one together, some items at a time.

    Answers are read of those results only of which they are to be shown. What a result cost is not read at all: it is
    None.
    """
    prefix = prefix_of(run)
    positions = range(min(prefix.limit, prefix.cases))
    step = items_at_once([run], prefix.trials)
    for start in positions[::step]:
        there = judged_at([run], specs, positions[start : start + step], prefix.trials, shown, without=COSTS)
        yield from (judged for _, judged in there)


def items_at_once(runs: Sequence[Run], trials: int) -> int:
    """Return of how many items so many trials of these runs are read at once."""
    return max(1, RESULTS_AT_ONCE // max(1, len(runs) * trials))


def judged_at(
    runs: Sequence[Run],
    specs: Sequence[ScorerSpec],
    positions: Sequence[int],
    trials: int,
    shown: Shown | None = None,
    *,
    without: Collection[str] = (),
) -> Iterator[tuple[Run, JudgedResult]]:
    """Yield the stored results of runs over one case list at these positions: by position, then run, then trial.

    Of the columns in `without` None is told, whatever they hold.
    """
    cases = runs[0].case_list.case_count
    order = [
        (run, result_id_of(run.pk, trial * cases + position))
        for position in positions
        for run in runs
        for trial in range(trials)
    ]
    rows = list(Result.objects.filter(Among("pk", (pk for _, pk in order))).order_by().values_list(*_columns(without)))
    scores = Score.objects.filter(Among("result_id", (row[0] for row in rows)))
    found = {one.pk: one for one in _judged(rows, scores, specs, shown)}
    yield from ((run, found[pk]) for run, pk in order if pk in found)


def _columns(without: Collection[str]) -> list[str | Value]:
    """Return what is read of a result: an eighth of the time of a JUnit file was spent on columns that it lacks."""
    return [Value(None, output_field=TextField()) if name in without else name for name in RESULT]


def _judged(
    rows: Collection[Any], scores: ScoreQuerySet, specs: Sequence[ScorerSpec], shown: Shown | None = None
) -> Iterator[JudgedResult]:
    """Yield rows of results with what was said of them."""
    said = _said(scores, specs)
    answers = [row[0] for row in rows if shown is None or shown(said.get(row[0], {}))]
    beside = _Beside(answers, {row[1] for row in rows})
    return (JudgedResult._make((*row, said.get(row[0], {}), beside)) for row in rows)


def _said(scores: ScoreQuerySet, specs: Sequence[ScorerSpec]) -> dict[int, Scores]:
    """Return what was said under the revisions in force, by result."""
    revisions = {spec.pk: spec.revision for spec in specs}
    found: dict[int, Scores] = defaultdict(dict)
    for said in map(Said._make, scores.filter(turn=0, scorer__in=revisions).values_list(*SCORE)):
        if said.revision == revisions[said.scorer_id]:
            found[said.result_id].setdefault(said.scorer_id, []).append(said)
    return found
