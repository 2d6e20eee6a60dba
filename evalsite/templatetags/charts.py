"""Charts drawn on the server: dot and whisker on a shared axis, and progress bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from evalsite.charts import Axis, bar_parts

register = template.Library()

INTERVAL_WIDTH = 128
MOST_NUMBERS = 5
EDGE = 6  # room for half a dot, and for the half of a tick's text


@dataclass(frozen=True)
class Tick:
    """One mark of an axis."""

    x: float
    """Distance from the left edge, in pixels."""
    value: float
    """The value it marks, in units of the score."""


def _x(axis: Axis, value: float | None) -> float | None:
    return None if value is None else EDGE + axis.place(value, INTERVAL_WIDTH - 2 * EDGE)


def _ticks(axis: Axis) -> list[Tick]:
    return [Tick(EDGE + axis.place(value, INTERVAL_WIDTH - 2 * EDGE), value) for value in axis.ticks]


@register.inclusion_tag("components/_interval.html")
def interval(
    axis: Axis, value: float | None, low: float | None, high: float | None, *, provisional: bool = False
) -> dict[str, Any]:
    """Draw a score as a dot and its interval as a whisker; without an interval the dot alone, without both nothing."""
    return {
        "width": INTERVAL_WIDTH,
        "ticks": _ticks(axis),
        "value": value,
        "low": low,
        "high": high,
        "dot": _x(axis, value),
        "left": _x(axis, low),
        "right": _x(axis, high),
        "is_provisional": provisional,
    }


@register.inclusion_tag("components/_interval_axis.html")
def interval_axis(axis: Axis) -> dict[str, Any]:
    """Draw the numbers of an axis, for the header above the intervals on it: every second of more than five."""
    ticks = _ticks(axis)
    return {"width": INTERVAL_WIDTH, "ticks": ticks[:: 1 if len(ticks) <= MOST_NUMBERS else 2]}


@register.inclusion_tag("components/_progress_bar.html")
def progress_bar(*, done: int, errors: int, in_flight: int, planned: int, thin: bool = False) -> dict[str, Any]:
    """Draw one bar: done (without the errors), errors, in flight, left."""
    parts = bar_parts(done=done, errors=errors, in_flight=in_flight, planned=planned)
    return {
        "parts": parts,
        "gaps": parts[1:],
        "done": done,
        "errors": errors,
        "in_flight": in_flight,
        "planned": planned,
        "is_thin": thin,
    }
