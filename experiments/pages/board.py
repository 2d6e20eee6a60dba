"""The Board of an experiment: how far its runs are, and the leaderboard."""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from evalsite.charts import Axis
from evalsite.templatetags.formats import share
from experiments.actions.case_lists import current_case_list
from experiments.models import Experiment, ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import may
from runs.models import ACTIVE, Run, RunStatus
from runs.models.runs import RUNNABLE, RunQuerySet
from runs.pace import Pace, paces_of
from runs.streams import are_workers_gone
from scoring.leaderboard import Entry, leaderboard
from scoring.run_lines import RunLine, with_lines

APART_ROWS = 20


def _on_board(experiment: Experiment) -> RunQuerySet:
    """Return the runs of the board in the order of the candidates."""
    runs: RunQuerySet = Run.objects.filter(experiment=experiment).select_related("candidate")
    if experiment.dataset_version_id is None:
        return runs.filter(is_ad_hoc=True).order_by("pk")
    cases = current_case_list(experiment)
    return runs.filter(is_ad_hoc=False, case_list=cases, candidate__removed_at=None).order_by(
        "candidate__position", "pk"
    )


@dataclass(frozen=True)
class ProgressPart:
    """How far the runs of the board are."""

    experiment: Experiment
    paces: list[Pace]
    can_control: bool
    """Whether this person may pause, resume, cancel and retry."""
    is_worker_missing: bool

    @classmethod
    def build(cls, experiment: Experiment, user: Person) -> "ProgressPart":
        """Return how far they are at this moment."""
        runs = list(_on_board(experiment))
        waiting = any(run.status in RUNNABLE and not run.owner for run in runs)
        can_control = may(user, experiment.project, "stop")
        return cls(experiment, paces_of(runs), can_control, waiting and are_workers_gone())

    @property
    def is_shown(self) -> bool:
        """Whether something goes on, stands still, or failed."""
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
        return f"{self.results} of {self.planned} results, {self.errors} errors"


@dataclass(frozen=True)
class Cell:
    """What one scorer says of one row."""

    scorer: ScorerSpec
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    """Items with a value, where that differs from the row's n."""
    why_none: str = "not scored"

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)


@dataclass(frozen=True)
class MenuEntry:
    """One entry of a row's menu: a link, or a form that is posted."""

    label: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class BoardRow:
    """One row of the leaderboard."""

    entry: Entry
    cells: list[Cell]
    is_baseline: bool

    @property
    def name(self) -> str:
        """The candidate's name, the model's for an ad-hoc run."""
        run = self.entry.run
        return run.candidate.name if run.candidate else run.name

    @property
    def menu(self) -> list[MenuEntry]:
        """What may be done with the row."""
        run = self.entry.run
        entries = [MenuEntry("Open the run", url=reverse("runs:run-detail", args=[run.uid]))]
        if run.candidate and not self.is_baseline:
            args = [run.experiment.uid, run.candidate.uid]
            entries.append(MenuEntry("Set as baseline", action=reverse("experiments:experiment-baseline", args=args)))
        if self.entry.totals.error_count and run.is_finished:
            entries.append(MenuEntry("Retry failed", action=reverse("runs:run-retry", args=[run.uid])))
        return entries

    @property
    def partial_words(self) -> list[str]:
        """Which weighted scorers cover some of the items only."""
        return [f"{name} {n} of {items}" for name, (n, items) in self.entry.partial.items()]


@dataclass(frozen=True)
class LeaderboardPart:
    """The leaderboard, and the runs that stand apart from it."""

    experiment: Experiment
    rows: list[BoardRow]
    scorers: list[ScorerSpec]
    axis: Axis
    policy: str
    ad_hoc: list[RunLine]
    """Ad-hoc runs of an experiment that has a dataset."""
    former: list[RunLine]
    """Runs of candidates that are not in the experiment any more, or over other items."""
    can_edit: bool

    @classmethod
    def build(cls, experiment: Experiment, user: Person) -> "LeaderboardPart":
        """Return the board as of this moment."""
        entries = leaderboard(experiment).entries
        scorers = list(experiment.scorers.filter(removed_at=None))
        rows = [_row(entry, scorers, experiment) for entry in entries]
        marks = [mark for entry in entries for mark in (entry.weighted_score, entry.low, entry.high)]
        ad_hoc, former = _apart(experiment, {entry.run.pk for entry in entries})
        can_edit = may(user, experiment.project, "edit_experiment")
        return cls(
            experiment, rows, scorers, Axis.around(marks), _policy(experiment, scorers), ad_hoc, former, can_edit
        )


def _row(entry: Entry, scorers: list[ScorerSpec], experiment: Experiment) -> BoardRow:
    entry.run.experiment = experiment  # known already: the row's links would ask for it again
    candidate_id = entry.run.candidate_id
    is_baseline = candidate_id is not None and candidate_id == experiment.baseline_id
    return BoardRow(entry, [_cell(entry, scorer) for scorer in scorers], is_baseline)


def _cell(entry: Entry, scorer: ScorerSpec) -> Cell:
    found = entry.scores.get(scorer.name)
    if found is None or found.value is None:
        return Cell(scorer, None, None, None, None, "not rated" if scorer.kind == "person" else "not scored")
    return Cell(scorer, found.value, found.low, found.high, found.n if found.n != entry.n else None)


def _apart(experiment: Experiment, shown: set[int]) -> tuple[list[RunLine], list[RunLine]]:
    runs = with_lines(Run.objects.filter(experiment=experiment)).exclude(pk__in=shown).order_by("-pk")
    lines = [RunLine.of(run) for run in runs[: 2 * APART_ROWS]]
    ad_hoc = [line for line in lines if line.run.is_ad_hoc]
    return ad_hoc[:APART_ROWS], [line for line in lines if not line.run.is_ad_hoc][:APART_ROWS]


def _policy(experiment: Experiment, scorers: list[ScorerSpec]) -> str:
    weighted = [f"{scorer.name} × {scorer.weight:g}" for scorer in scorers if scorer.weight]
    score = f"Score: {' + '.join(weighted)}, 0 to 100." if weighted else "No scorer has a weight: there is no score."
    errors = f"Errors {experiment.get_errors_policy_display()}."
    return f"{score} Intervals 95 %, items as units. {errors}"
