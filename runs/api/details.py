"""What a run came to: each result's stages and scores, or summaries of many."""

from functools import cached_property
from typing import Any

from runs.lanes.claims import tally_of
from runs.lanes.tallies import StageTally, merged
from runs.live.liveness import NO_WORKER
from runs.live.progress import Totals, totals_from
from runs.live.standstill import standstill_of
from runs.models import Lane, Result, Run, RunStatus, WorkUnit
from runs.result_addresses import address_of
from runs.transcripts import output_of
from scoring.models import RunRating, RunScore, Score
from scoring.rating.score_json import rating_shown, scores_of

EACH_UP_TO = 100


class RunDetail:
    """One run, read part by part when it is asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @cached_property
    def _units(self) -> list[WorkUnit]:
        return list(WorkUnit.objects.filter(run=self.run))

    @cached_property
    def totals(self) -> Totals:
        """What the run came to as of this moment."""
        return totals_from(merged(tally_of(unit) for unit in self._units))

    @cached_property
    def status_reason(self) -> str:
        """Why it stands as it stands; of a pending run also that no worker is there."""
        is_waiting = self.run.status == RunStatus.PENDING and not self.run.owner
        return NO_WORKER if is_waiting and not Lane.objects.exists() else standstill_of(self.run)

    @cached_property
    def is_small(self) -> bool:
        """Whether each of its results is shown."""
        return max(self.run.planned_count, self.totals.results) <= EACH_UP_TO

    @cached_property
    def results(self) -> list[Result]:
        """The results of a small run."""
        return list(Result.objects.of_run(self.run).select_related("transcript")[:EACH_UP_TO])

    @property
    def output(self) -> str | None:
        """The whole answer of a run of one result."""
        return output_of(self.results[0]) if self.run.planned_count == 1 and self.results else None

    @property
    def stage_results(self) -> list[dict[str, Any]]:
        """Each result's stages, or one summary a stage."""
        if self.is_small:
            return [stage for result in self.results for stage in stages_of(self.run, result)]
        tally = merged(tally_of(unit) for unit in self._units)
        return [_stage_summary(name, stage) for name, stage in tally.stages.items()]

    @property
    def scores(self) -> list[dict[str, Any]]:
        """Each score, ratings of the run last; or one summary a scorer."""
        if not self.is_small:
            rows = RunScore.objects.filter(run=self.run, scorer__removed_at=None).select_related("scorer")
            return [_scorer_summary(row) for row in rows.order_by("scorer__position", "scorer_id")]
        ratings = RunRating.objects.filter(run=self.run).select_related("run", "scorer", "author")
        return [*scores_of(self.run, Score.objects.of_run(self.run)), *(rating_shown(one) for one in ratings)]


def stages_of(run: Run, result: Result) -> list[dict[str, Any]]:
    """Return the stages of a result; times in milliseconds, waiting apart."""
    address = address_of(run, result.ordinal)
    return [
        {"result": address, "stage": stage, "status": status, "ms": ms, "wait_ms": wait_ms}
        for stage, status, ms, wait_ms in result.stages
    ]


def _stage_summary(name: str, tally: StageTally) -> dict[str, Any]:
    p50, p95 = tally.percentile_ms(0.5), tally.percentile_ms(0.95)
    return {
        "stage": name,
        "count": tally.count,
        "errors": tally.errors,
        "p50_ms": None if p50 is None else round(p50),
        "p95_ms": None if p95 is None else round(p95),
        "total_ms": round(tally.total_ms),
    }


def _scorer_summary(row: RunScore) -> dict[str, Any]:
    return {"scorer": row.scorer.name, "value": row.mean, "low": row.low, "high": row.high, "n": row.n}
