"""Geometry of the charts that templates draw: a shared axis, dot and whisker on it, the parts of a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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


NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
TICKS = 4
STEPS_EACH_WAY = 2
LEAST_REACH = 0.01
LABEL_HEIGHT = 14.0


@dataclass(frozen=True)
class ScaleTick:
    """One mark of a scale."""

    at: float
    """Where it is drawn."""
    value: float


@dataclass(frozen=True)
class Scale:
    """A stretch of numbers laid on a stretch of the drawing."""

    low: float
    high: float
    """Above `low`."""
    step: float
    """Distance of the ticks."""
    start: float
    """Where `low` is drawn."""
    end: float
    """Where `high` is drawn; before `start` on an axis that goes up."""

    @classmethod
    def from_zero(cls, values: Iterable[float], start: float, end: float) -> Scale:
        """Return the scale from 0 to a round number that holds all values, none of which is below 0."""
        top = max([*values, 0.0]) or 1.0
        step = _nice_step(top / TICKS)
        return cls(0.0, math.ceil(top / step - 1e-9) * step, step, start, end)

    @classmethod
    def around(cls, values: Iterable[float], start: float, end: float) -> Scale:
        """Return a scale of scores with round ends that holds all values of 0..1."""
        axis = Axis.around(values)
        return cls(axis.low, axis.high, axis.step, start, end)

    @classmethod
    def both_ways(cls, values: Iterable[float], start: float, end: float) -> Scale:
        """Return the scale with 0 in its middle and round ends that holds all values."""
        reach = max(LEAST_REACH, *(abs(value) for value in values))
        step = _nice_step(reach / STEPS_EACH_WAY)
        top = math.ceil(reach / step - 1e-9) * step
        return cls(-top, top, step, start, end)

    @property
    def ticks(self) -> list[ScaleTick]:
        """The marks, from low to high."""
        count = round((self.high - self.low) / self.step)
        values = [round(self.low + index * self.step, 9) for index in range(count + 1)]
        return [ScaleTick(self.place(value), value) for value in values]

    def place(self, value: float) -> float:
        """Return where a value is drawn."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def _nice_step(least: float) -> float:
    """Return the smallest round number (1, 2, 2.5 or 5 times a power of ten) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(nice * power for nice in NICE if nice * power >= least * (1 - 1e-9))


def spread_labels(places: Sequence[float], height: float = LABEL_HEIGHT) -> list[float]:
    """Return where labels are drawn, in the order given: at their places, pushed down where they would overlap."""
    order = sorted(range(len(places)), key=places.__getitem__)
    found, floor = [0.0] * len(places), -math.inf
    for index in order:
        found[index] = max(places[index], floor)
        floor = found[index] + height
    return found
