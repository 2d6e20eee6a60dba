"""A lane's meter of one provider: the allowances it has, and what became of those it had."""

import math
from collections import deque
from dataclasses import dataclass, field

from runs.limits.allowance import Allowance


@dataclass(slots=True)
class Meter:
    """Allowances, oldest first. Lives in the event loop; `closed` and `settled` are read by the database thread."""

    allowances: deque[Allowance] = field(default_factory=deque)
    closed: deque[Allowance] = field(default_factory=deque)
    """Allowances of which no call begins any more."""
    settled: deque[tuple[int, int, int]] = field(default_factory=deque)
    """(number of an allowance, calls, tokens) that are to be added to what it was given."""

    def add(self, allowance: Allowance, now_s: float) -> None:
        """Take a new allowance behind the others; those that are over go."""
        while self.allowances and self.allowances[0].is_over(now_s):
            self._close()
        self.allowances.append(allowance)

    def wait_s(self, tokens: float, now_s: float) -> float | None:
        """Return in how many seconds a call of so many tokens may begin; None: not before the next allowance."""
        while self.allowances:
            head = self.allowances[0]
            if head.is_over(now_s):
                self._close()
            elif (wait_s := head.wait_s(tokens, now_s)) is not None:
                return wait_s
            elif len(self.allowances) == 1:
                return None
            else:
                self._carry_over()
        return None

    def _close(self) -> None:
        self.closed.append(self.allowances.popleft())

    def _carry_over(self) -> None:
        """Add what is left of the first allowance, too little for the next call, to the second; in the books too."""
        head, following = self.allowances[0], self.allowances[1]
        calls, tokens = following.take_over(head)
        self._close()
        self.settled.append((following.number, calls, round(tokens) if math.isfinite(tokens) else 0))

    def spend(self, tokens: float) -> int:
        """Count a call that begins now; return the number of its allowance."""
        self.allowances[0].spend(tokens)
        return self.allowances[0].number

    def settle(self, number: int, tokens: float) -> None:
        """Note by how many tokens a call took more (less, if negative) than was estimated."""
        self.settled.append((number, 0, round(tokens)))

    @property
    def calls_left(self) -> int:
        """Calls of the allowances at hand."""
        return sum(allowance.calls_left for allowance in tuple(self.allowances))
