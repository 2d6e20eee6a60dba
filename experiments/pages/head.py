"""The head that the tabs of an experiment share."""

from dataclasses import dataclass

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse

from experiments.models import Experiment
from experiments.models.projects import Person
from experiments.permissions import permitted
from runs.actions import lacks_runs
from runs.live.activity import DRAFT, with_status
from runs.models import ACTIVE, RunStatus
from runs.models.runs import RUNNABLE


@dataclass(frozen=True)
class Tab:
    """One tab."""

    label: str
    url: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True)
class ExperimentHead:
    """Title, status, facts and tabs."""

    experiment: Experiment
    tabs: list[Tab]
    scorer_count: int
    is_live: bool
    """Whether something goes on, so that the page listens."""
    allowed: frozenset[str]
    """What this person may do."""
    can_start: bool
    """Whether this person may start it, and there is something to start."""

    @property
    def can_edit(self) -> bool:
        """Whether this person may change what it measures."""
        return "edit_experiment" in self.allowed

    @property
    def status(self) -> str:
        """Draft, else that of its most active run."""
        return str(self.experiment.status)  # type: ignore[attr-defined]

    @property
    def start_label(self) -> str:
        """What starting means now: it is done for all candidates."""
        if self.status == DRAFT:
            return "Start"
        return "Resume all" if self.status == RunStatus.PAUSED else "Run what is missing"

    @property
    def exports(self) -> list[dict[str, str]]:
        """The files that it may be had as."""
        address = reverse("experiments:experiment-export", args=[self.experiment.uid])
        declared = {"Experiment as YAML": "yaml"} if self.experiment.dataset_version_id else {}
        kinds = {
            **declared,
            "Results as CSV": "csv",
            "CSV for spreadsheets": "csv&for=spreadsheets",
            "JUnit XML": "junit",
        }
        return [{"label": label, "url": f"{address}?format={kind}"} for label, kind in kinds.items()]

    @property
    def stream_url(self) -> str:
        """Where the page listens; "": it asks from time to time."""
        return reverse("runs:experiment-stream", args=[self.experiment.uid]) if settings.STREAMS else ""

    @classmethod
    def build(cls, uid: object, user: Person, current: str) -> "ExperimentHead":
        """Return the head of one tab. Raises Http404 for strangers."""
        visible = with_status(Experiment.objects.visible_to(user))
        related = visible.select_related("project", "dataset_version__dataset", "baseline", "created_by")
        experiment = get_object_or_404(related.prefetch_related("scorers"), uid=uid)
        allowed = permitted(user, experiment.project)
        return cls(
            experiment,
            _tabs(experiment, current),
            len(experiment.present_scorers()),
            experiment.status in ACTIVE,
            allowed,
            "start" in allowed and _is_startable(experiment),
        )


def _is_startable(experiment: Experiment) -> bool:
    status = experiment.status  # type: ignore[attr-defined]
    if status == RunStatus.COMPLETED:
        return lacks_runs(experiment)
    return experiment.dataset_version_id is not None and status not in RUNNABLE


def _tabs(experiment: Experiment, current: str) -> list[Tab]:
    names = {
        "Board": "experiments:experiment-board",
        "Outputs": "experiments:experiment-outputs",
        "Runs": "experiments:experiment-runs",
        "Compare": "experiments:experiment-compare",
        "Rate": "experiments:experiment-rate",
        "Budget": "experiments:experiment-budget",
        "Settings": "experiments:experiment-settings",
    }
    counts = {"Runs": experiment.runs.count()}
    return [
        Tab(label, reverse(name, args=[experiment.uid]), label == current, counts.get(label))
        for label, name in names.items()
    ]
