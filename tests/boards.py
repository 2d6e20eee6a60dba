"""Experiments with runs as the pages find them: results, scores and standings, without a lane at work."""

from typing import Any

from django.utils import timezone

from experiments.actions import freeze_case_list
from experiments.models import CaseList, Experiment, Project
from runs.live.progress import totals_of
from runs.models import Result, Run, RunStatus
from scoring.models import RunScore, RunStanding
from tests.factories import (
    CandidateFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentFactory,
    ItemFactory,
    ResultFactory,
    RunFactory,
    ScoreFactory,
    ScorerSpecFactory,
    TranscriptFactory,
    WorkUnitFactory,
)

SCRIPT = "<script>alert('x')</script>"


def experiment_in(project: Project, *, items: int = 2, **values: Any) -> Experiment:
    """Return an experiment over a dataset of so many items, with the scorer `correct`."""
    dataset = DatasetFactory(project=project, draft_number=2)
    for number in range(items):
        ItemFactory(dataset=dataset, key=f"item-{number}", input=f"Question {number}?")
    version = DatasetVersionFactory(dataset=dataset, item_count=items)
    experiment = ExperimentFactory(project=project, dataset_version=version, **values)
    ScorerSpecFactory(experiment=experiment, name="correct")
    return experiment


def case_list_of(experiment: Experiment) -> CaseList:
    """Return the frozen case list of an experiment."""
    return freeze_case_list(experiment)


def run_of(experiment: Experiment, *, status: str = RunStatus.COMPLETED, score: float | None = 0.5, **unit: Any) -> Run:
    """Return a run of a new candidate; `unit` holds the counters of its work unit."""
    cases = case_list_of(experiment)
    ended = timezone.now() if status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED) else None
    run = RunFactory(
        candidate=CandidateFactory(experiment=experiment),
        case_list=cases,
        case_limit=cases.case_count,
        planned_count=cases.case_count,
        status=status,
        status_reason="the key is wrong" if status in (RunStatus.PAUSED, RunStatus.FAILED) else "",
        started_at=timezone.now(),
        completed_at=ended,
    )
    WorkUnitFactory(run=run, length=cases.case_count, **unit)
    if score is not None:
        RunStanding.objects.create(
            run=run,
            value=score,
            low=score - 0.1,
            high=score + 0.1,
            n=2,
            is_complete=True,
            totals=totals_of(run).as_json(),
        )
    return run


def result_of(run: Run, ordinal: int = 0, *, value: float | None = 1.0, **values: Any) -> Result:
    """Return a result with its transcript and, unless the value is None, the verdict of `correct`."""
    scorer = run.experiment.scorers.get(name="correct")
    item = run.experiment.dataset_version.items[ordinal]  # type: ignore[union-attr]
    result = ResultFactory(run=run, ordinal=ordinal, item=item, preview=SCRIPT, latency_ms=820, **values)
    parts = [{"type": "text", "text": f"{SCRIPT} A: Paris"}]
    TranscriptFactory(result=result, body=[{"role": "user", "parts": []}, {"role": "assistant", "parts": parts}])
    if value is not None:
        ScoreFactory(result=result, scorer=scorer, value=value, extracted="Pari", explanation="Not the same.")
        RunScore.objects.update_or_create(run=run, scorer=scorer, defaults={"revision": 1, "n": 1, "mean": value})
    return result
