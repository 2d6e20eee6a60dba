"""The rows of a board as its page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from evalsite.templatetags.formats import number, score
from experiments.models import ScorerSpec
from runs.models import Run
from scoring.boards.leaderboard import Entry, row_name
from scoring.statistics import PairedDifference

MOST_NAMED = 2


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
    decimals: int | None = None
    """That all values of the column have."""

    @cached_property
    def text(self) -> str:
        """The value as it is written; "": none."""
        return "" if self.value is None else self._written(self.value, self.decimals)

    @cached_property
    def range_text(self) -> str:
        """The interval as it is written; "": none."""
        if self.low is None or self.high is None:
            return ""
        return f"{self._written(self.low)} to {self._written(self.high)}"

    def _written(self, value: float, decimals: int | None = None) -> str:
        """Return a value of the scorer: of 100 where its range is 0 to 1, else as it is."""
        is_share = (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)
        return score(value) if is_share else number(value, decimals)


@dataclass(frozen=True)
class BoardRow:
    """One row of the leaderboard."""

    entry: Entry
    cells: list[Cell]
    baseline: Run | None
    """The run that the others are compared with; None: there is none."""
    difference: PairedDifference | None
    """How far it is ahead of the baseline on the same items; None: nothing to compare."""

    @property
    def is_baseline(self) -> bool:
        """Whether the others are compared with this row."""
        return self.baseline is not None and self.entry.run.pk == self.baseline.pk

    @property
    def name(self) -> str:
        """The candidate's name, the model's for an ad-hoc run."""
        return row_name(self.entry.run)

    @property
    def compare_url(self) -> str:
        """Where the row is compared with the baseline; "": nowhere."""
        return compare_url(self.entry.run, self.baseline)

    @property
    def menu_url(self) -> str:
        """Where the row's menu is."""
        return reverse("experiments:row-menu", args=[self.entry.run.uid])

    @property
    def missing_words(self) -> str:
        """Which weighted scorers have no value yet: by name as long as these are few."""
        return _few(self.entry.missing)

    @property
    def partial_words(self) -> str:
        """Which weighted scorers cover some of the items only: by name as long as these are few."""
        return _few([f"{name} {n} of {items}" for name, (n, items) in self.entry.partial.items()])


def _few(words: Sequence[str]) -> str:
    return ", ".join(words) if len(words) <= MOST_NAMED else f"{len(words)} scorers"


def compare_url(run: Run, baseline: Run | None) -> str:
    """Return where a run is compared with the baseline; "": nowhere."""
    if baseline is None or run.pk == baseline.pk:
        return ""
    return f"{reverse('experiments:experiment-compare', args=[run.experiment.uid])}?a={run.uid}&b={baseline.uid}"
