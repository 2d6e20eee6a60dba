"""The leaderboard of an experiment: its runs over the same items, ranked by their weighted scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from experiments.actions.case_lists import identity_of
from experiments.models import Experiment, ScorerSpec
from runs.live.progress import Totals
from runs.models import Run, RunStatus
from scoring.boards.item_values import Scale
from scoring.boards.weighting import reweighted
from scoring.models import RunScore, RunStanding

STILL_RUNNING = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.PAUSED)
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScorerCell:
    """What one scorer says of one run, in the scorer's own range."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Items with a value."""
    none: int
    """Results that could not be judged."""
    is_share: bool = True
    """Whether its range is 0 to 1."""
    normalised: float | None = None
    """The value as a share of the range, 1 the best; None: no value, or no range."""


@dataclass(slots=True)
class Entry:
    """One row of the board."""

    run: Run
    totals: Totals
    weighted_score: float | None
    low: float | None
    high: float | None
    n: int
    complete: bool
    missing: list[str]
    partial: dict[str, list[int]]
    scores: dict[str, ScorerCell]
    rank: int | None = None
    """Place on the board, equal scores share it; None: no score yet."""

    @property
    def is_provisional(self) -> bool:
        """Whether results are still to come, or never will."""
        return self.run.status != RunStatus.COMPLETED


@dataclass(slots=True)
class Board:
    """The leaderboard."""

    experiment: Experiment
    scoring_config: dict[str, Any]
    entries: list[Entry] = field(default_factory=list)
    """Ranked."""
    total: int = 0
    """Before a cut."""

    def cut(self, most: int) -> "Board":
        """Return the board with its first rows only."""
        return replace(self, entries=self.entries[:most])


def row_name(run: Run) -> str:
    """Return the candidate's name, the model's for an ad-hoc run."""
    return run.candidate.name if run.candidate else str(run.name)


def leaderboard(
    experiment: Experiment,
    *,
    include_running: bool = True,
    weights: Mapping[str, float] | None = None,
) -> Board:
    """Return the board. With `weights` they are tried, not saved: the intervals are then those of statistics.md's t.

    Order: complete before incomplete, completed before running, then the score; equal scores share the rank and
    stand by finish time, then id.
    """
    runs = runs_on_board(experiment, include_running=include_running)
    scorers = experiment.present_scorers()
    scores = cells_of(runs, scorers)
    entries = [_entry(run, scores.get(run.pk, {}), weights) for run in runs]
    entries.sort(key=_order)
    _rank(entries)
    config = experiment.scoring_by(scorers)
    if weights is not None:
        config = {**config, "weights": dict(weights)}
    return Board(experiment, config, entries, len(entries))


def runs_on_board(experiment: Experiment, *, include_running: bool = True) -> Sequence[Run]:
    """Return the runs over the same items: those of the present dataset version, else the ad-hoc ones."""
    runs = experiment.runs.select_related("standing", "candidate", "case_list")
    if experiment.dataset_version_id is None:
        runs = runs.filter(is_ad_hoc=True)
    else:
        present = identity_of(experiment)
        runs = runs.filter(case_list__identity_hash=present, candidate__removed_at=None, is_ad_hoc=False)
    return list(runs if include_running else runs.filter(status=RunStatus.COMPLETED))


def cells_of(runs: Sequence[Run], scorers: Sequence[ScorerSpec]) -> dict[int, dict[str, ScorerCell]]:
    """Return what each of the scorers says of each run, by the run's id and the scorer's name."""
    declared = {scorer.pk: scorer for scorer in scorers}
    found = RunScore.objects.filter(run__in=[run.pk for run in runs], scorer__in=declared)
    # Plain rows: a wide board has thousands of them, and to make a model of each takes longer than to read them.
    rows = found.values_list("run_id", "scorer_id", "mean", "low", "high", "n", "none_count")
    places = {pk: place for place, pk in enumerate(declared)}
    cells: dict[int, dict[str, ScorerCell]] = {}
    for run_id, scorer_id, mean, low, high, n, none_count in sorted(rows, key=lambda row: places[row[1]]):
        scorer = declared[scorer_id]
        is_share = (scorer.range_low, scorer.range_high) == (0.0, 1.0)
        cell = ScorerCell(mean, low, high, n, none_count, is_share, _normalised(mean, scorer))
        cells.setdefault(run_id, {})[scorer.name] = cell
    return cells


def _normalised(mean: float | None, scorer: ScorerSpec) -> float | None:
    if mean is None or scorer.range_low is None or scorer.range_high is None:
        return None
    return Scale(scorer.range_low, scorer.range_high, scorer.higher_is_better).share(mean)


def _entry(run: Run, scores: dict[str, ScorerCell], weights: Mapping[str, float] | None) -> Entry:
    standing: RunStanding | None = getattr(run, "standing", None)
    if standing is None:
        return Entry(run, Totals(), None, None, None, 0, False, [], {}, scores)
    value, low, high = standing.value, standing.low, standing.high
    is_complete, missing = standing.is_complete, standing.missing
    if weights is not None:
        value, low, high = tried(standing.covariance, scores, weights)
        missing = [name for name, weight in weights.items() if weight > 0 and has_no_value(scores.get(name))]
        is_complete = not missing and (is_complete or bool(standing.missing))
    return Entry(
        run,
        Totals.from_json(standing.totals),
        value,
        low,
        high,
        standing.n,
        is_complete,
        missing,
        standing.partial,
        scores,
    )


def tried(
    covariance: Mapping[str, Any], scores: Mapping[str, ScorerCell], weights: Mapping[str, float]
) -> tuple[float | None, float | None, float | None]:
    """Return (value, low, high) under weights that are tried.

    Where the covariances lack a scorer (people's, or a run of one item) the means of the scorers are weighted, and
    there is no interval.
    """
    used = {name for name, weight in weights.items() if weight > 0}
    if covariance and used <= set(covariance["scorers"]):
        return reweighted(covariance, weights)
    shares = {name: share for name, cell in scores.items() if name in used and (share := cell.normalised) is not None}
    if not shares:
        return None, None, None
    total = sum(weights[name] for name in shares)
    return sum(weights[name] / total * share for name, share in shares.items()), None, None


def has_no_value(cell: ScorerCell | None) -> bool:
    """Return whether a scorer says nothing of a run."""
    return cell is None or cell.value is None


def _order(entry: Entry) -> tuple[Any, ...]:
    score = entry.weighted_score
    return (
        not entry.complete,
        entry.run.status in STILL_RUNNING,
        score is None,
        -(score or 0.0),
        entry.run.completed_at or LAST,
        entry.run.pk,
    )


def _rank(entries: Sequence[Entry]) -> None:
    """Number the rows; those that are equal in everything but finish time and id share the rank."""
    for place, entry in enumerate(entries, start=1):
        if entry.weighted_score is None:
            continue
        before = entries[place - 2] if place > 1 else None
        is_tied = before is not None and _order(before)[:4] == _order(entry)[:4]
        entry.rank = before.rank if before is not None and is_tied else place
