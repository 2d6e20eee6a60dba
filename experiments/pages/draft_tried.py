"""What was tried of a draft: the first items, each with the answer and the scores of every candidate."""

from collections import defaultdict
from dataclasses import dataclass

from experiments.models import ExperimentDraft, ScorerSpec
from runs.live.streams import are_workers_gone
from runs.models import Result, Run
from runs.models.runs import ACTIVE
from runs.transcripts import output_of
from scoring.changing.rescoring import RESULTS_AT_ONCE
from scoring.models import CODE, Score


@dataclass(frozen=True)
class TriedCell:
    """One candidate's answer to one item."""

    result: Result | None
    output: str
    scores: list[tuple[ScorerSpec, Score]]


@dataclass(frozen=True)
class DraftTried:
    """The answers so far."""

    draft: ExperimentDraft
    runs: list[Run]
    rows: list[tuple[str, list[TriedCell]]]
    """An item's key, and the cell of each run in the order of `runs`."""
    is_live: bool
    is_worker_missing: bool

    @classmethod
    def build(cls, draft: ExperimentDraft) -> "DraftTried":
        """Return them as of this moment."""
        if draft.tried is None:
            return cls(draft, [], [], is_live=False, is_worker_missing=False)
        listed = Run.objects.planned().filter(experiment=draft.tried, candidate__removed_at=None)
        runs = list(listed.select_related("candidate").order_by("candidate__position", "pk"))
        specs = list(draft.tried.scorers.filter(removed_at=None))
        cells: dict[int, dict[str, TriedCell]] = defaultdict(dict)
        for run in runs:
            results = Result.objects.of_run(run).select_related("item", "transcript")[:RESULTS_AT_ONCE]
            for result in results:
                cells[run.pk][result.item.key] = TriedCell(result, output_of(result), _scores(result, specs))
        keys = list(dict.fromkeys(key for found in cells.values() for key in found))
        nothing = TriedCell(None, "", [])
        rows = [(key, [cells[run.pk].get(key, nothing) for run in runs]) for key in keys]
        is_live = any(run.status in ACTIVE and not run.is_paused for run in runs)
        return cls(draft, runs, rows, is_live, is_live and are_workers_gone())

    @property
    def reasons(self) -> list[str]:
        """Why runs stand still, a sentence each."""
        return [f"{run.name}: {run.reason}" for run in self.runs if run.reason]


def _scores(result: Result, specs: list[ScorerSpec]) -> list[tuple[ScorerSpec, Score]]:
    by_scorer = {score.scorer_id: score for score in Score.objects.filter(result=result, author=CODE, turn=0)}
    in_force = [(spec, by_scorer.get(spec.pk)) for spec in specs]
    return [(spec, score) for spec, score in in_force if score is not None and score.revision == spec.revision]
