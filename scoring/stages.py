"""The last stage: the verdicts of an experiment's scorers on one answered result."""

from collections.abc import Sequence
from datetime import datetime

from django.db import models

from experiments.storage import Row, RowBuilder
from runs.execution import Job, Stage
from runs.lanes.supplies import LaneSupplies
from runs.models import Run
from runs.outcomes import ANSWERED
from scoring.judging.judges import Judges, PreparedScorer, prepared_scorers
from scoring.judging.one import Judgement
from scoring.models import Score
from scoring.scorers.base import Answer, Place, Question, Verdict


class ScoreRecord:
    """A verdict on its way to the database."""

    __slots__ = ("_build", "_prepared", "verdict")

    def __init__(self, build: RowBuilder, prepared: PreparedScorer, verdict: Verdict) -> None:
        self._build, self._prepared, self.verdict = build, prepared, verdict

    @property
    def name(self) -> str:
        """The scorer's name in the experiment."""
        return self._prepared.name

    def row(self, result_id: int, now: datetime) -> tuple[type[models.Model], Row]:
        """Return the model and its row for the sink."""
        return Score, score_row(self._build, self._prepared, result_id, self.verdict, now)


def score_row(build: RowBuilder, prepared: PreparedScorer, result_id: int, verdict: Verdict, now: datetime) -> Row:
    """Return the Score row of a verdict."""
    return build(
        result_id=result_id,
        scorer_id=prepared.spec_id,
        revision=prepared.revision,
        value=verdict.value,
        label=verdict.label,
        extracted=verdict.extracted,
        explanation=verdict.explanation,
        error=verdict.error,
        created_at=now,
    )


class Judge(Stage):
    """Scores answered results; an errored one gets no scores at all."""

    name = "score"

    def __init__(self, supplies: LaneSupplies) -> None:
        self._supplies = supplies
        self._judges = Judges()
        self._build = RowBuilder(Score)

    def prepare(self, run: Run) -> list[PreparedScorer]:
        """Return the code scorers of the run's experiment. Called in the database thread."""
        return prepared_scorers(run.experiment.scorers.filter(removed_at=None))

    async def __call__(self, job: Job) -> bool:
        """Fill in the scores."""
        if job.outcome not in ANSWERED or job.completion is None:
            return True
        scorers: Sequence[PreparedScorer] = job.run.parts[self.name]
        case = job.case
        question = Question(case.key, case.input, case.expected, case.metadata, case.tags)
        answer = Answer(job.completion.text, job.outcome, job.latency_ms, job.cost_usd)
        for prepared in scorers:
            if not prepared.condition.holds(case.tags, case.split):
                continue
            verdict = await self._verdict(job, Judgement(prepared.scorer, question, answer))
            job.scores.append(ScoreRecord(self._build, prepared, verdict))
        return True

    async def _verdict(self, job: Job, judgement: Judgement) -> Verdict:
        if judgement.scorer.place is not Place.THREAD:
            return await self._judges.verdict(judgement)
        with self._supplies.port.busy(job.result_id):
            return await self._judges.verdict(judgement)

    async def close(self) -> None:
        """End the thread and the child process."""
        await self._judges.close()
