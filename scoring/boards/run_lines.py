"""Runs as lists show them: each with its standing and what it came to, read without touching a result."""

from dataclasses import dataclass

from runs.live.progress import Totals
from runs.models import Run
from runs.models.runs import RunQuerySet
from scoring.models import RunStanding


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run with its score and counts, as of its last standing."""

    run: Run
    totals: Totals
    score: float | None = None
    """Weighted score, 0 to 1; None: nobody and nothing has judged it yet."""
    low: float | None = None
    high: float | None = None
    n: int = 0
    """Items that the score rests on."""
    is_complete: bool = False

    @classmethod
    def of(cls, run: Run) -> "RunLine":
        """Return the line of a run that was read by `with_lines`."""
        standing: RunStanding | None = getattr(run, "standing", None)
        if standing is None:
            return cls(run, Totals())
        totals = Totals.from_json(standing.totals) if standing.totals else Totals()
        return cls(run, totals, standing.value, standing.low, standing.high, standing.n, standing.is_complete)


def with_lines(runs: RunQuerySet) -> RunQuerySet:
    """Return the runs with all that their lines read, in one query."""
    return runs.select_related("standing", "candidate", "experiment__project").defer("standing__covariance", "config")
