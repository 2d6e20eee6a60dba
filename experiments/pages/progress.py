"""How far the runs of an experiment are: the upper part of its Board."""

from dataclasses import dataclass
from decimal import Decimal

from evalsite.templatetags.formats import share
from experiments.actions.case_lists import identity_of
from experiments.models import Experiment
from experiments.wording import counted
from runs.live.pace import Pace, counted_paces_of
from runs.live.streams import are_workers_gone
from runs.models import ACTIVE, Run, RunStatus
from runs.models.runs import RUNNABLE, RunQuerySet


def _on_board(experiment: Experiment) -> RunQuerySet:
    """Return the runs of the board in the order of the candidates."""
    runs: RunQuerySet = Run.objects.filter(experiment=experiment).select_related("candidate", "provider")
    if experiment.dataset_version_id is None:
        return runs.filter(is_ad_hoc=True).order_by("pk")
    present = identity_of(experiment)
    runs = runs.filter(is_ad_hoc=False, case_list__identity_hash=present, candidate__removed_at=None)
    return runs.order_by("candidate__position", "pk")


@dataclass(frozen=True)
class ProgressPart:
    """How far the runs of the board are."""

    experiment: Experiment
    paces: list[Pace]
    can_control: bool
    """Whether this person may pause, resume, cancel and retry."""
    is_worker_missing: bool

    @classmethod
    def build(cls, experiment: Experiment, allowed: frozenset[str]) -> "ProgressPart":
        """Return how far they are at this moment, for whoever may do this here."""
        runs = list(_on_board(experiment))
        waiting = any(run.status in RUNNABLE and not run.owner for run in runs)
        return cls(experiment, counted_paces_of(runs), "stop" in allowed, waiting and are_workers_gone())

    @property
    def is_shown(self) -> bool:
        """Whether something goes on, stands still, or failed: else each run is folded away below the figures."""
        return any(pace.run.status != RunStatus.COMPLETED or pace.totals.error_count for pace in self.paces)

    @property
    def is_active(self) -> bool:
        """Whether something may still come."""
        return any(pace.run.status in ACTIVE for pace in self.paces)

    @property
    def planned(self) -> int:
        """Planned results of all runs."""
        return sum(pace.run.planned_count for pace in self.paces)

    @property
    def results(self) -> int:
        """Stored results of all runs."""
        return sum(pace.totals.results for pace in self.paces)

    @property
    def errors(self) -> int:
        """Errored results of all runs."""
        return sum(pace.totals.error_count for pace in self.paces)

    @property
    def error_share(self) -> float:
        """Errored results as a share of the stored ones."""
        return self.errors / self.results if self.results else 0.0

    @property
    def rate(self) -> float | None:
        """Results a second of all runs together; None: nothing is in flight."""
        return sum(pace.rate or 0.0 for pace in self.paces) or None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until all that goes on is done, at the rate of all together; None: unknown."""
        left = sum(pace.left for pace in self.paces if pace.run.status in RUNNABLE)
        return left / self.rate if self.rate and left else None

    @property
    def took_ms(self) -> int | None:
        """Milliseconds from the first start to the last end; None: something may still come, or nothing began."""
        begun = [pace.run.started_at for pace in self.paces if pace.run.started_at]
        ended = [pace.run.completed_at for pace in self.paces if pace.run.completed_at]
        if self.is_active or not begun or not ended:
            return None
        return round((max(ended) - min(begun)).total_seconds() * 1000)

    @property
    def cost_usd(self) -> Decimal | None:
        """Cost so far; None: the price of at least one result is unknown, or nothing was done."""
        costs = [pace.totals.cost_usd for pace in self.paces if pace.totals.results]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(costs) else None

    @property
    def title(self) -> str:
        """The title of the browser's tab: the share that is done, while something goes on."""
        name = f"{self.experiment.name} · Evalsite"
        return f"({share(self.results / self.planned)}) {name}" if self.is_active and self.planned else name

    @property
    def announcement(self) -> str:
        """What a screen reader hears from time to time."""
        return f"{self.results} of {counted(self.planned, 'result')}, {counted(self.errors, 'error')}"
