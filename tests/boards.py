"""Experiments with runs as the pages find them: results, scores and standings, without a lane at work."""

from typing import Any
from uuid import uuid4

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


def wide_board(project: Project, *, candidates: int = 100, scorers: int = 30) -> list[Run]:
    """Return the runs of an experiment with many candidates, the first its baseline, and many scorers."""
    experiment = experiment_in(project)
    specs = [ScorerSpecFactory(experiment=experiment, name=f"scorer-{number}") for number in range(scorers)]
    first = run_of(experiment, status=RunStatus.RUNNING, ok_count=1)
    runs = [first, *(_like(first, number) for number in range(1, candidates))]
    RunScore.objects.bulk_create(
        RunScore(run=run, scorer=spec, revision=1, n=2, mean=0.5, low=0.4, high=0.6) for run in runs for spec in specs
    )
    Experiment.objects.filter(pk=experiment.pk).update(baseline=first.candidate)
    return runs


def _like(first: Run, number: int) -> Run:
    """Store another candidate with a run as far as this one."""
    candidate = _copy(first.candidate, name=f"like-{number}", config_hash=f"{number:064x}", uid=uuid4())
    run: Run = _copy(first, candidate=candidate, name=candidate.name, config_hash=candidate.config_hash, uid=uuid4())
    _copy(first.units.get(), run=run)
    _copy(first.standing, run=run)
    return run


def _copy(row: Any, **values: Any) -> Any:
    names = [field.name for field in row._meta.concrete_fields if not field.primary_key]
    return type(row).objects.create(**{name: getattr(row, name) for name in names} | values)


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
