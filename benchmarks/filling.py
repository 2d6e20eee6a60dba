"""A site with many results, by the product's own declaring, planning, storing and summing up; only nobody is called."""

from decimal import Decimal
from pathlib import Path

from benchmarks.job import Job as Size
from benchmarks.job import experiment_file
from benchmarks.shape import Shape
from experiments.actions.declaring import declare_experiment, project_named
from experiments.files.experiment_file import load
from experiments.models import Experiment
from experiments.storage import RowBuilder
from runs.actions import prepare, start_experiment
from runs.exchange import Completion
from runs.execution import Case, Job, RunWork, StageTime
from runs.lanes.claims import CaseCache, HeldUnit, claim_one
from runs.lanes.finishing import finish_if_done
from runs.lanes.flushing import Batch, Flusher
from runs.models import Lane, Preparation, Run
from scoring.judging.judges import PreparedScorer, prepared_scorers
from scoring.models import Score
from scoring.scorers.base import Verdict
from scoring.stages import ScoreRecord

NAME = "many results"
ERROR_EVERY = 997
WRONG_EVERY = 4


def fill(folder: Path, shape: Shape, *, project: str = "default") -> Experiment:
    """Make one experiment of this shape whose runs are completed; most answers are right. Needs Django set up."""
    experiment = _declared(folder, shape, project)
    runs = start_experiment(experiment=experiment, by=None).runs
    for preparation in Preparation.objects.all():
        prepare(preparation=preparation)
    lane = Lane.objects.create(host="filling", pid=1)
    for run in runs:
        Filler(Run.objects.get(pk=run.pk)).work(lane)
    lane.delete()
    return experiment


def _declared(folder: Path, shape: Shape, project: str) -> Experiment:
    size = Size(shape.items, latency_ms=0, trials=shape.trials)
    file = experiment_file(folder, size, name=NAME, candidates=shape.candidates, project=project)
    experiment_of = load(str(file), overrides={"reuse": "false"})
    return declare_experiment(file=experiment_of, project=project_named(experiment_of.project), by=None).experiment


class Filler:
    """Answers every case of one run, as a lane would store it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._work = RunWork(run.pk, run.case_list.case_count, run.config)
        (self._scorer,) = prepared_scorers(run.experiment.scorers.filter(removed_at=None))
        self._build = RowBuilder(Score)

    def work(self, lane: Lane) -> None:
        """Fill every unit, one transaction each, and complete the run."""
        units: dict[int, HeldUnit] = {}
        cache, flusher = CaseCache(), Flusher(lane.pk, units, unit_done=lambda _run_id: None)
        while held := claim_one(lane, self._run, cache):
            units[held.unit_id] = held
            flusher.store(Batch([self._finished(held, ordinal, case) for ordinal, case in held.cases.items()]))
        finish_if_done(self._run.pk)

    def _finished(self, held: HeldUnit, ordinal: int, case: Case) -> Job:
        job = Job(self._work, held.work, ordinal, ordinal // self._work.cases, case, call_count=1)
        job.latency_ms = 50 + ordinal % 100
        job.stages = [StageTime("generate", "ok", float(job.latency_ms))]
        if ordinal % ERROR_EVERY == 0:
            job.end("provider_error", "HTTP 500: the provider failed")
            return job
        return _answered(job, self._build, self._scorer)


def _answered(job: Job, build: RowBuilder, scorer: PreparedScorer) -> Job:
    """Return the job with an answer, every fourth of them wrong, and its score."""
    is_right = job.ordinal % WRONG_EVERY != 0
    text = str(job.case.expected) if is_right else "0"
    job.completion = Completion(text, tokens_in=21, tokens_out=3)
    asked = {"role": "user", "parts": [{"type": "text", "text": str(job.case.input)}]}
    job.transcript = [asked, {"role": "assistant", "parts": [{"type": "text", "text": text}]}]
    job.cost_usd, job.request_hash = Decimal("0.00002"), job.result_id.to_bytes(16, "big")
    job.scores = [ScoreRecord(build, scorer, Verdict(float(is_right), extracted=text))]
    return job
