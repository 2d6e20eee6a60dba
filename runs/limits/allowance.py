"""What a lane may use of a provider's minute, spent in memory: evenly, and void soon after its end."""

from dataclasses import dataclass

from runs.limits.ledger import LATE_S, Grant

ROUNDING = 0.5


@dataclass(slots=True)
class Allowance:
    """One grant, by the lane's own clock."""

    number: int
    """Under which the shares have it in their books."""
    calls: int
    tokens: float
    next_at_s: float
    gap_s: float
    ends_at_s: float
    calls_made: int = 0
    tokens_used: float = 0.0
    is_carried_over: bool = False
    """Whether what is left of it was added to the next one."""

    @classmethod
    def of(cls, number: int, grant: Grant, asked_at_s: float) -> "Allowance":
        """Return a grant that was asked for at this moment."""
        begins_s = asked_at_s + grant.begins_in_s
        return cls(number, grant.calls, grant.tokens, begins_s, grant.gap_s, asked_at_s + grant.ends_in_s)

    @property
    def calls_left(self) -> int:
        """Calls that may still be made of it."""
        return self.calls - self.calls_made

    def is_over(self, now_s: float) -> bool:
        """Return whether nothing of it may be used any more."""
        return not self.calls_left or now_s > self.ends_at_s + LATE_S

    def wait_s(self, tokens: float, now_s: float) -> float | None:
        """Return in how many seconds a call of so many tokens may begin; None: not of this allowance."""
        fits = tokens <= self.tokens - self.tokens_used + ROUNDING or not self.calls_made
        return max(0.0, self.next_at_s - now_s) if fits and self.calls_left else None

    def take_over(self, rest: "Allowance") -> tuple[int, float]:
        """Add what is left of an earlier allowance, evenly spread; return the calls and tokens that came over."""
        calls, tokens = rest.calls_left, rest.tokens - rest.tokens_used
        rest.is_carried_over = True
        self.calls += calls
        self.tokens += tokens
        self.next_at_s = min(self.next_at_s, rest.next_at_s)
        self.gap_s = min(self.gap_s, (self.ends_at_s - self.next_at_s) / max(1, self.calls_left - 1))
        return calls, tokens

    def spend(self, tokens: float) -> None:
        """Count a call that begins now."""
        self.calls_made += 1
        self.tokens_used += tokens
        self.next_at_s += self.gap_s
