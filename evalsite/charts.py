"""Geometry of the charts that templates draw: a shared axis, dot and whisker on it, the parts of a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """A stretch of the range of scores, in units of the score (0..1 where it is a share)."""

    low: float
    """Value at the left edge."""
    high: float
    """Value at the right edge; above `low`."""
    step: float
    """Distance of the ticks, in the same units."""

    @classmethod
    def around(cls, values: Iterable[float | None]) -> Axis:
        """Return the shortest axis with round ends that holds all values of 0..1; None is passed over."""
        known = [value for value in values if value is not None and math.isfinite(value)]
        low, high = (max(0.0, min(known)), min(1.0, max(known))) if known else (0.0, 1.0)
        step = next((step for step in STEPS if (high - low) / step <= MOST_TICKS - 2), STEPS[-1])
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        return cls(first * step, max(last, first + 1) * step, step)

    @property
    def ticks(self) -> list[float]:
        """The values at which the axis is marked, from left to right."""
        count = round((self.high - self.low) / self.step)
        return [round(self.low + index * self.step, 6) for index in range(count + 1)]

    def place(self, value: float, width: float) -> float:
        """Return the distance of a value from the left edge of an axis so wide; values outside stick to the edge."""
        share = (value - self.low) / (self.high - self.low)
        return round(min(1.0, max(0.0, share)) * width, 2)


@dataclass(frozen=True)
class BarPart:
    """One part of a progress bar."""

    name: str
    """done, errors, flight or left: the class of the part."""
    start: float
    """Left edge, in per cent of the bar."""
    width: float
    """Width, in per cent of the bar."""


def bar_parts(*, done: int, errors: int, in_flight: int, planned: int) -> list[BarPart]:
    """Return the parts of a bar from left to right, empty ones left out; `done` does not count the errors.

    More than was planned (a plan that grew while it was read) fills the bar and leaves nothing.
    """
    left = max(0, planned - done - errors - in_flight)
    counts = {"done": done, "errors": errors, "flight": in_flight, "left": left}
    total = sum(counts.values())
    if not total:
        return [BarPart("left", 0.0, 100.0)]
    ends = [0.0]
    for count in counts.values():
        ends.append(ends[-1] + 100 * count / total)
    edges = zip(counts, pairwise(ends), strict=True)
    return [BarPart(name, round(start, 3), round(end - start, 3)) for name, (start, end) in edges if end > start]
