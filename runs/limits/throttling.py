"""How a 429 lowers the pace and success raises it again. A 5xx does neither: it says nothing about the pace."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

OWN_SHARE = 0.1
"""The share of 429s among the answers that is those calls' own affair; above that the line is too fast."""
FEWEST_TOO_MANY = 3
SURE = 2.0
"""How many standard deviations the 429s are above that share: of few answers some more are chance."""
LOWERED_TO = 0.7
LOWEST = 0.01
RAISED_BY_S = 0.02
LOWERED_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What a lane heard from a provider since it last said so."""

    answers: int = 0
    """Calls that were answered otherwise than by a 429 or a 5xx."""
    throttled: int = 0
    """Calls that were answered by a 429."""
    is_too_fast: bool = False
    """Whether the 429s are more than single calls' bad luck."""
    held_for_s: float = 0.0
    """How long the provider asks to be left alone from now on."""


class Ear:
    """Counts what a lane's calls hear. The event loop counts, the database thread reports."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers = self._throttled = 0
        self._told = self._told_before = (0, 0)
        self._held_until_s = float("-inf")

    def answered(self) -> None:
        """Note an answer that says nothing against the pace."""
        self._answers += 1

    def throttled(self, retry_after_s: float | None) -> float:
        """Note a 429; return for how long the whole line is to stand still, 0: it goes on."""
        self._throttled += 1
        if not retry_after_s or not self._is_too_fast():
            return 0.0
        self._held_until_s = max(self._held_until_s, self._clock() + retry_after_s)
        return retry_after_s

    def report(self) -> Heard:
        """Return what was heard since the last report."""
        answers, throttled = self._answers, self._throttled
        told_answers, told_throttled = self._told
        new_429s = throttled - told_throttled
        is_too_fast = bool(new_429s) and self._is_too_fast()
        self._told_before, self._told = self._told, (answers, throttled)
        return Heard(answers - told_answers, new_429s, is_too_fast, max(0.0, self._held_until_s - self._clock()))

    def _is_too_fast(self) -> bool:
        """Judge by the time since the report before the last: one to two seconds."""
        answers, throttled = self._told_before
        new_429s = self._throttled - throttled
        heard = self._answers - answers + new_429s
        by_chance = OWN_SHARE * heard + SURE * math.sqrt(OWN_SHARE * (1 - OWN_SHARE) * heard)
        return new_429s >= FEWEST_TOO_MANY and new_429s > by_chance


@dataclass(frozen=True, slots=True)
class Pressure:
    """The share of its limits that a provider takes at the moment, and when it was changed."""

    share: float = 1.0
    lowered_at_s: float = 0.0
    raised_at_s: float = 0.0
    held_until_s: float = 0.0

    def after(self, heard: Heard, now_s: float) -> "Pressure":
        """Return what it is after this was heard. Several lanes that hear of one jam lower it once."""
        held_s = max(self.held_until_s, now_s + heard.held_for_s) if heard.held_for_s else self.held_until_s
        if heard.is_too_fast:
            return self._lowered(now_s, held_s)
        if not heard.answers or self.share >= 1.0:
            return Pressure(min(1.0, self.share), self.lowered_at_s, now_s, held_s)
        passed_s = min(LOWERED_EVERY_S, max(0.0, now_s - self.raised_at_s))
        return Pressure(min(1.0, self.share + RAISED_BY_S * passed_s), self.lowered_at_s, now_s, held_s)

    def _lowered(self, now_s: float, held_s: float) -> "Pressure":
        if 0 <= now_s - self.lowered_at_s < LOWERED_EVERY_S:
            return Pressure(self.share, self.lowered_at_s, now_s, held_s)
        return Pressure(max(LOWEST, self.share * LOWERED_TO), now_s, now_s, held_s)
