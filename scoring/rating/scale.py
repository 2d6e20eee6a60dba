"""The values that a person chooses from: whole numbers of a short scale, the values with words, else five steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.models import ScorerSpec

MOST_WHOLE = 10
STEPS = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of the scale."""

    numeral: str
    """The value as it is sent."""
    word: str
    """What it means; "": nothing is said."""


def choices_of(scorer: ScorerSpec, options: Mapping[str, Any]) -> list[Choice]:
    """Return the values to choose from under a person's scorer with these options, the lowest first."""
    words: Mapping[str, str] = options.get("labels") or {}
    low, high = scorer.range_low or 0.0, 1.0 if scorer.range_high is None else scorer.range_high
    return [Choice(f"{value:g}", words.get(f"{value:g}", "")) for value in _values(low, high, words)]


def _values(low: float, high: float, words: Mapping[str, str]) -> list[float]:
    is_short = low.is_integer() and high.is_integer() and 2 <= high - low <= MOST_WHOLE
    if is_short:
        return [low + step for step in range(int(high - low) + 1)]
    if len(words) > 1:
        return sorted(float(numeral) for numeral in words)
    return [low + (high - low) * step / (STEPS - 1) for step in range(STEPS)]
