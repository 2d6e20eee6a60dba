"""Who judges where: in the event loop, in a thread, or in a child process, as each scorer says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from evalsite.plugins import scorers as registry
from experiments.conditions import Condition
from experiments.models import ScorerRevision, ScorerSpec
from scoring.judging.apart import ScorersApart
from scoring.judging.batches import JudgingThread
from scoring.judging.one import Judgement, judged
from scoring.scorers.base import Place, Scorer, Verdict
from scoring.scorers.extraction import in_passing

ALL = Condition()


@dataclass(frozen=True, slots=True)
class PreparedScorer:
    """A declared scorer, ready to judge."""

    spec_id: int
    revision: int
    scorer: Scorer
    name: str = ""
    """As the experiment calls it."""
    condition: Condition = ALL
    """Which items it judges."""


def prepared_scorers(specs: "models.QuerySet[ScorerSpec]") -> list[PreparedScorer]:
    """Return the scorers that are code, with the options of their newest revisions."""
    newest = ScorerRevision.objects.filter(scorer__in=specs, number=models.F("scorer__revision"))
    options = {revision.scorer_id: revision.options for revision in newest}
    prepared = [_prepared(spec, options[spec.pk]) for spec in specs]
    return [one for one in prepared if one.scorer.place is not Place.NOWHERE]


def _prepared(spec: ScorerSpec, options: Mapping[str, Any]) -> PreparedScorer:
    scorer: Scorer = registry.get(spec.kind)(options)
    return PreparedScorer(spec.pk, spec.revision, scorer, spec.name, Condition.of(spec.when))


class Judges:
    """Gives each judgement to where its scorer's code runs.

    Patterns of users are tried in the event loop, which costs a third of a hand-over to the thread, but for 2 ms
    only. Whoever was slow once is judged in the thread, where a pattern has its 100 ms, from then on.
    """

    def __init__(self) -> None:
        self._thread, self._apart = JudgingThread(), ScorersApart()
        self._slow: set[Scorer] = set()

    async def verdict(self, judgement: Judgement) -> Verdict:
        """Return the verdict; whatever goes wrong in a scorer is the verdict's error."""
        place = judgement.scorer.place
        if place is Place.INLINE:
            return judged(judgement)
        if place is not Place.THREAD:
            return await self._apart.judge(judgement)
        return self._in_passing(judgement) or await self._thread.judge(judgement)

    def _in_passing(self, judgement: Judgement) -> Verdict | None:
        """Judge in the event loop; None: this takes too long for it."""
        if judgement.scorer in self._slow:
            return None
        with in_passing() as passing:
            verdict = judged(judgement)
        if not passing.was_cut:
            return verdict
        self._slow.add(judgement.scorer)
        return None

    async def close(self) -> None:
        """End the thread and the child process."""
        self._thread.close()
        await self._apart.close()
