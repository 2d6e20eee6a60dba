"""Scoring stored outputs again: new scorers and new options judge what was answered, without a call.

A new revision's scores are written beside the former ones; boards read the revision in force, so that the change is
seen as a whole once it is summed up. The former rows are the history.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from experiments.models import Experiment, ScorerRevision
from experiments.storage import RowBuilder, insert, insert_missing
from runs.event_loop import new_event_loop
from runs.execution import Case
from runs.lanes.claims import load_items
from runs.models import Result, Run
from runs.outcomes import ANSWERED
from runs.transcripts import output_of
from scoring.boards.summing import sum_up
from scoring.judging.judges import Judges, PreparedScorer, prepared_scorers
from scoring.judging.one import Judgement
from scoring.models import CODE, Score, ScoreQuerySet
from scoring.scorers.base import Answer, Question, Verdict
from scoring.stages import score_row

RESULTS_AT_ONCE = 500
Chunk = list[tuple[int, Question, Answer]]
"""(result id, what was asked, what was answered) of results that are to be judged."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """What judging stored answers again came to."""

    verdicts: int = 0
    """New verdicts."""
    flips: int = 0
    """Those of them whose value is another than under the revision before."""

    def __add__(self, other: "Rescored") -> "Rescored":
        """Return both together."""
        return Rescored(self.verdicts + other.verdicts, self.flips + other.flips)


def bring_up_to_date(experiment: Experiment) -> Rescored:
    """Judge what lacks a verdict of the scorers in force, sum every run up, and return what changed."""
    total = Rescored()
    for run in experiment.runs.select_related("case_list", "experiment"):
        total += rescore(run)
        sum_up(run)
    return total


def rescore(run: Run) -> Rescored:
    """Write the verdicts that the run's answered results lack under the revisions in force."""
    lacking = [one for one in prepared_scorers(run.experiment.scorers.filter(removed_at=None)) if _is_lacking(run, one)]
    if not lacking:
        return Rescored()
    verdicts = _judge_all(run, lacking)
    return Rescored(verdicts, sum(_flips(run, prepared) for prepared in lacking))


def _flips(run: Run, prepared: PreparedScorer) -> int:
    """Return how many values differ from those of the revision that was in force before."""
    revision = ScorerRevision.objects.get(scorer=prepared.spec_id, number=prepared.revision)
    same = {"result_id": OuterRef("result_id"), "scorer": prepared.spec_id, "author": CODE, "turn": 0}
    before = Score.objects.filter(**same, revision=revision.replaces or 0).values("value")[:1]
    compared = _verdicts(run, prepared).annotate(before=Subquery(before)).filter(before__isnull=False)
    flips: int = compared.filter(value__isnull=False).exclude(value=F("before")).count()
    return flips


def lacks_verdicts(run: Run) -> bool:
    """Return whether an answer of the run lacks the verdict of a scorer in force."""
    return any(_is_lacking(run, one) for one in prepared_scorers(run.experiment.scorers.filter(removed_at=None)))


def _is_lacking(run: Run, prepared: PreparedScorer) -> bool:
    return _verdicts(run, prepared).count() < _asked(run, prepared).count()


def _asked(run: Run, prepared: PreparedScorer) -> "QuerySet[Result]":
    """Return the answered results of the items that a scorer judges."""
    return Result.objects.of_run(run).filter(prepared.condition.query("item__"), outcome__in=ANSWERED)


def _verdicts(run: Run, prepared: PreparedScorer) -> ScoreQuerySet:
    scores: ScoreQuerySet = Score.objects.of_run(run)
    return scores.filter(scorer=prepared.spec_id, revision=prepared.revision, author=CODE, turn=0)


def _judge_all(run: Run, scorers: Sequence[PreparedScorer]) -> int:
    written = 0
    for prepared in scorers:
        for chunk, verdicts in judged_chunks(run, prepared):
            with transaction.atomic():
                written += write_verdicts(prepared, chunk, verdicts)
    return written


def judged_chunks(
    run: Run, prepared: PreparedScorer, at_once: int = RESULTS_AT_ONCE
) -> Iterator[tuple[Chunk, list[Verdict]]]:
    """Yield the run's answers without a verdict of this revision, chunk by chunk, with the verdicts on them.

    Judges in an event loop of its own, reads outside of it: the database is asked in the caller's thread only.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        judges = Judges()
        try:
            for chunk in _chunks(run, prepared, at_once):
                yield chunk, runner.run(_verdicts_on(judges, prepared, chunk))
        finally:
            runner.run(judges.close())


async def _verdicts_on(judges: Judges, prepared: PreparedScorer, chunk: Chunk) -> list[Verdict]:
    return [await judges.verdict(Judgement(prepared.scorer, question, answer)) for _, question, answer in chunk]


def _chunks(run: Run, prepared: PreparedScorer, at_once: int) -> Iterator[Chunk]:
    """Yield the results without a verdict of this scorer, as they are judged."""
    results = _asked(run, prepared).select_related("transcript").order_by("pk")
    after = -1
    while rows := list(results.filter(pk__gt=after)[:at_once]):
        after = rows[-1].pk
        judged = set(_verdicts(run, prepared).between(rows[0].pk, after + 1).values_list("result_id", flat=True))
        missing = [result for result in rows if result.pk not in judged]
        cases = load_items({result.item_id for result in missing})
        if missing:
            yield [(result.pk, _question(cases[result.item_id]), _answer(result)) for result in missing]


def _question(case: Case) -> Question:
    return Question(case.key, case.input, case.expected, case.metadata, case.tags)


def _answer(result: Result) -> Answer:
    return Answer(output_of(result), result.outcome, result.latency_ms, result.cost_usd)


def write_verdicts(prepared: PreparedScorer, chunk: Chunk, verdicts: Sequence[Verdict]) -> int:
    """Write the verdicts on a chunk within the caller's transaction; what is there already stays. Return how many."""
    build, now = RowBuilder(Score), timezone.now()
    judged = zip(chunk, verdicts, strict=True)
    rows = [score_row(build, prepared, result_id, verdict, now) for (result_id, _, _), verdict in judged]
    try:
        with transaction.atomic():
            insert(Score, rows)
    except IntegrityError:  # somebody else brings the same run up to date
        return len(insert_missing(Score, rows))
    return len(rows)
