"""What an experiment is doing: it has no status of its own but draft, else that of its most active run."""

from django.db.models import Case, CharField, Exists, OuterRef, Value, When

from experiments.models.experiments import ExperimentQuerySet
from runs.models import Run, RunStatus

DRAFT = "draft"
MOST_ACTIVE_FIRST = (
    RunStatus.RUNNING,
    RunStatus.PENDING,
    RunStatus.PAUSED,
    RunStatus.FAILED,
    RunStatus.CANCELLED,
    RunStatus.COMPLETED,
)
STATUSES = (DRAFT, *MOST_ACTIVE_FIRST)


def with_status(experiments: ExperimentQuerySet) -> ExperimentQuerySet:
    """Return the experiments with `status`: draft until started, then the most active of their runs."""
    mine = Run.objects.filter(experiment=OuterRef("pk"))
    cases = [When(Exists(mine.filter(status=status)), then=Value(status.value)) for status in MOST_ACTIVE_FIRST]
    annotated: ExperimentQuerySet = experiments.annotate(
        status=Case(*cases, default=Value(DRAFT), output_field=CharField())
    )
    return annotated


def status_of(runs: list[Run]) -> str:
    """Return the status of an experiment with these runs."""
    found = {run.status for run in runs}
    return next((status.value for status in MOST_ACTIVE_FIRST if status in found), DRAFT)
