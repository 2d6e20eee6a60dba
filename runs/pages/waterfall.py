"""The steps of a result in time: what waited and what worked, one below the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 100.0
"""Of the drawing, in per cent."""
THINNEST = 0.5


@dataclass(frozen=True)
class Bar:
    """One step: first it waits, then it works."""

    name: str
    status: str
    ms: float
    wait_ms: float
    start: float
    """Where its waiting begins, in per cent of the whole."""
    wait_width: float
    width: float

    @property
    def work_start(self) -> float:
        """Where its work begins."""
        return self.start + self.wait_width


def waterfall_of(stages: Sequence[Sequence[Any]]) -> list[Bar]:
    """Return a bar for each `[stage, status, ms, wait_ms]`, one after the other."""
    return list(_bars(stages, sum(stage[2] + stage[3] for stage in stages)))


def _bars(stages: Sequence[Sequence[Any]], whole: float) -> Iterator[Bar]:
    at = 0.0
    for name, status, ms, wait_ms in stages:
        wait, work = (part / whole * WIDTH if whole else 0.0 for part in (wait_ms, ms))
        yield Bar(name, status, ms, wait_ms, min(at, WIDTH - THINNEST), wait, max(THINNEST, work))
        at += wait + work
