"""The last stage: the verdicts of an experiment's scorers on one answered result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from evalsite.plugins import scorers as registry
from experiments.models import ScorerRevision, ScorerSpec
from runs.execution import Job, Stage
from runs.models import Run
from runs.outcomes import ANSWERED
from runs.records import RowBuilder
from runs.services import LaneServices
from runs.storage import Row
from scoring.apart import ScorersApart
from scoring.batches import JudgingThread
from scoring.judging import Judgement, judged
from scoring.models import Score
from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict


@dataclass(frozen=True, slots=True)
class PreparedScorer:
    """A declared scorer, ready to judge."""

    spec_id: int
    revision: int
    scorer: Scorer

    @property
    def place(self) -> Place:
        """Where its code runs."""
        return self.scorer.place


class ScoreRecord:
    """A verdict on its way to the database."""

    __slots__ = ("_build", "_prepared", "verdict")

    def __init__(self, build: RowBuilder, prepared: PreparedScorer, verdict: Verdict) -> None:
        self._build, self._prepared, self.verdict = build, prepared, verdict

    def row(self, result_id: int, now: datetime) -> tuple[type[models.Model], Row]:
        """Return the model and its row for the sink."""
        verdict = self.verdict
        return Score, self._build(
            result_id=result_id,
            scorer_id=self._prepared.spec_id,
            revision=self._prepared.revision,
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

    def __init__(self, services: LaneServices) -> None:
        self._services = services
        self._thread, self._apart = JudgingThread(), ScorersApart()
        self._build = RowBuilder(Score)

    def prepare(self, run: Run) -> list[PreparedScorer]:
        """Return the code scorers of the run's experiment. Called in the database thread."""
        return prepared_scorers(run.experiment.scorers.filter(removed_at=None))

    async def __call__(self, job: Job) -> bool:
        """Fill in the scores."""
        if job.outcome not in ANSWERED or job.completion is None:
            return True
        scorers: Sequence[PreparedScorer] = job.run.parts[self.name]
        question = Question(job.case.key, job.case.input, job.case.expected, job.case.metadata, job.case.tags)
        answer = Answer(job.completion.text, job.outcome, job.latency_ms, job.cost_usd)
        for prepared in scorers:
            verdict = await self._verdict(prepared, Judgement(prepared.scorer, question, answer))
            job.scores.append(ScoreRecord(self._build, prepared, verdict))
        return True

    async def _verdict(self, prepared: PreparedScorer, judgement: Judgement) -> Verdict:
        if prepared.place is Place.INLINE:
            return judged(judgement)
        if prepared.place is Place.THREAD:
            return await self._thread.judge(judgement)
        return await self._apart.judge(judgement)

    async def close(self) -> None:
        """End the thread and the child processes."""
        self._thread.close()
        await self._apart.close()


def prepared_scorers(specs: "models.QuerySet[ScorerSpec]") -> list[PreparedScorer]:
    """Return the scorers that are code, with the options of their newest revisions."""
    options = {
        revision.scorer_id: revision.options
        for revision in ScorerRevision.objects.filter(scorer__in=specs, number=models.F("scorer__revision"))
    }
    prepared = [PreparedScorer(spec.pk, spec.revision, registry.get(spec.kind)(options[spec.pk])) for spec in specs]
    return [one for one in prepared if one.place is not Place.NOWHERE]
