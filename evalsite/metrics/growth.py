"""Numbers of runs made into counters that never fall, as Prometheus needs them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

Numbers = Mapping[Any, float]
"""Numbers of one run, by whatever the caller names them with."""


class Growth:
    """Adds up by how much the numbers of runs have grown since this process first looked.

    What a run has at the first look counts whole. Afterwards only growth counts: a run that is deleted, or whose
    failed results are taken out to be tried again, takes nothing away.
    """

    def __init__(self) -> None:
        self.totals: Counter[Any] = Counter()
        """The counters, by the names of the numbers."""
        self._last: Mapping[int, Numbers] = {}
        self._newest: int | None = None

    def look(self, runs: Mapping[int, Numbers]) -> set[int]:
        """Take in the numbers of the runs that may have changed, by their id; return those that grew."""
        grown = {run_id for run_id, numbers in runs.items() if self._add(run_id, numbers)}
        self._last = runs
        self._newest = max([self._newest or 0, *runs])
        return grown

    def last(self, run_id: int) -> Numbers:
        """Return the numbers of a run at the last look."""
        return self._last.get(run_id, {})

    def _add(self, run_id: int, numbers: Numbers) -> bool:
        before = self._before(run_id, numbers)
        more = {name: value - before.get(name, 0) for name, value in numbers.items() if value > before.get(name, 0)}
        for name, value in more.items():
            self.totals[name] += value  # type: ignore[assignment]  # seconds and dollars are no integers
        return bool(more)

    def _before(self, run_id: int, numbers: Numbers) -> Numbers:
        """Return what a run had; one that is older than the last look and was not looked at then had what it has."""
        if run_id in self._last:
            return self._last[run_id]
        return {} if self._newest is None or run_id > self._newest else numbers
