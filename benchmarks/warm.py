"""A warm worker: from the start action to the first request, and to the status completed."""

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.job import Job, experiment_file
from benchmarks.measuring import Failed, cpu_s_of
from benchmarks.provider import Provider

LOOK_EVERY_S = 0.01
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class WarmFigures:
    """What one start took."""

    first_request_s: float
    completed_s: float
    span_s: float
    cpu_s: float
    """Of the worker and all its processes; 0 where the platform does not tell."""


def start_on_worker(folder: Path, job: Job, provider: Provider, name: str, worker: int) -> WarmFigures:
    """Start the job's experiment on the worker with this process id; needs Django set up on the same data directory."""
    from experiments.actions.declaring import declare_experiment, project_named
    from experiments.files.experiment_file import load
    from runs.actions import start_experiment
    from runs.models import Run, RunStatus

    file = load(str(experiment_file(folder, job, name=name)), overrides={"reuse": "false"})
    experiment = declare_experiment(file=file, project=project_named(file.project), by=None).experiment
    provider.reset()
    cpu_s, began_at, began = cpu_s_of(worker), time.time(), time.perf_counter()
    (run,) = start_experiment(experiment=experiment, by=None).runs
    while Run.objects.get(pk=run.pk).status != RunStatus.COMPLETED:
        time.sleep(LOOK_EVERY_S)
        if time.perf_counter() - began > PATIENCE_S:
            raise Failed(f"the run did not complete: {Run.objects.get(pk=run.pk).status_reason}")
    completed_s = time.perf_counter() - began
    stats, cpu_s = provider.stats(), cpu_s_of(worker) - cpu_s
    return WarmFigures(stats["first_request_at"] - began_at, completed_s, stats["span_s"], cpu_s)
