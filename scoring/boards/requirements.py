"""Whether a board shows what its experiment requires."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.chunks import chunks
from experiments.models import Experiment, ScorerSpec
from experiments.requirements import EVERY, TIMES, Requirement
from runs.models import Run
from scoring.boards.item_values import ItemSums
from scoring.boards.leaderboard import Board, Entry, ScorerCell, row_name
from scoring.boards.scored import ROWS_AT_ONCE, prefix_of
from scoring.models import CODE, Score

NOTHING = "no value"


@dataclass(frozen=True, slots=True)
class Met:
    """One requirement on one candidate."""

    requirement: Requirement
    candidate: str
    value: float | None
    """What was found; None: nothing, and then it is not met. Of every_item: the item that is furthest off."""

    @property
    def is_met(self) -> bool:
        """Whether the board shows it."""
        return self.value is not None and self.requirement.holds(self.value)

    @property
    def sentence(self) -> str:
        """Candidate, subject, figure and bound as one line."""
        found = NOTHING if self.value is None else f"{self.value:.4g}"
        return f"{self.candidate}: {self.requirement.subject} {found}, required {self.requirement.bound}"

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON of a board has it."""
        beside = {"candidate": self.candidate, "value": self.value, "met": self.is_met}
        return {**self.requirement.as_json(), **beside}


def requirements_of(experiment: Experiment) -> list[Requirement]:
    """Return what the experiment requires."""
    return [Requirement(**stored) for stored in experiment.requirements]


def required_of(board: Board) -> list[Met]:
    """Return each requirement on each candidate that it names; one that has no row has no value."""
    found = []
    for requirement in requirements_of(board.experiment):
        entries = [entry for entry in board.entries if requirement.candidate in (EVERY, row_name(entry.run))]
        found += [Met(requirement, row_name(entry.run), _value(requirement, entry)) for entry in entries]
        if not entries:
            found.append(Met(requirement, requirement.candidate, None))
    return found


def _value(requirement: Requirement, entry: Entry) -> float | None:
    if requirement.on == "every_item":
        return _worst_item(requirement, entry.run)
    if requirement.scorer or requirement.metric == "score":
        return _of_score(requirement, entry)
    totals = entry.totals
    cost = totals.cost_per_1000_usd
    figures: dict[str, float | None] = {
        "errors": totals.error_count,
        "cost_per_1000_usd": None if cost is None else float(cost),
        **{name: getattr(totals, name) for name in TIMES},
    }
    return figures[requirement.metric]


def _of_score(requirement: Requirement, entry: Entry) -> float | None:
    cell: ScorerCell | None = entry.scores.get(requirement.scorer)
    if requirement.metric:
        return {"value": entry.weighted_score, "low": entry.low, "high": entry.high}[requirement.on]
    return None if cell is None else {"value": cell.value, "low": cell.low, "high": cell.high}[requirement.on]


def _worst_item(requirement: Requirement, run: Run) -> float | None:
    """Return the share of passing trials of the item that is furthest from the bounds."""
    spec = run.experiment.scorers.filter(name=requirement.scorer, removed_at=None).first()
    shares = [] if spec is None else _shares(run, spec)
    off = [share for share in shares if not requirement.holds(share)]
    if not shares:
        return None
    if requirement.at_least is not None:
        return min(off or shares)
    return max(off or shares)


def _shares(run: Run, spec: ScorerSpec) -> Sequence[float]:
    """Return, an entry an item, the share of its judged trials that pass."""
    rows = Score.objects.of_run(run).filter(scorer=spec.pk, revision=spec.revision, turn=0, author=CODE)
    prefix = prefix_of(run)
    sums = ItemSums(prefix.cases)
    for some in chunks(rows.exclude(value=None).order_by().values_list("result_id", "value").iterator(), ROWS_AT_ONCE):
        positions, counting = prefix.positions(np.array([result_id for result_id, _ in some], dtype=np.int64))
        sums.add(positions, np.array([spec.passes(value) for _, value in some], dtype=np.float64)[counting])
    shares: list[float] = sums.values().means.tolist()
    return shares
