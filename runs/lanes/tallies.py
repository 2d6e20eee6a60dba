"""Counting what results came to: the live counters of a work unit, with times in log buckets of 5 %."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

BUCKET_BASE = math.log(1.05)
SUMMED = ("reused_count", "attempt_count", "unpriced_count", "tokens_in", "tokens_out", "wait_ms")


def bucket_of(ms: float) -> int:
    """Return the log bucket of a time: bucket b holds 1.05^b to 1.05^(b+1) ms; below 1 ms is bucket -1."""
    return math.floor(math.log(ms) / BUCKET_BASE) if ms >= 1 else -1


def time_in(bucket: int) -> float:
    """Return the time that stands for a bucket, its geometric middle, in milliseconds."""
    return math.exp((bucket + 0.5) * BUCKET_BASE) if bucket >= 0 else 0.5


@dataclass(slots=True)
class StageTally:
    """What one stage took, over many results."""

    count: int = 0
    errors: int = 0
    total_ms: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, ms: float, *, is_error: bool) -> None:
        """Count one passage."""
        self.count += 1
        self.errors += is_error
        self.total_ms += ms
        bucket = bucket_of(ms)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    def merge(self, other: "StageTally") -> None:
        """Count all that another one counted."""
        self.count += other.count
        self.errors += other.errors
        self.total_ms += other.total_ms
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count

    def percentile_ms(self, share: float) -> float | None:
        """Return the time that `share` (0 to 1) of the passages did not exceed, within 2.5 %; None: none counted."""
        rank, seen = math.ceil(share * self.count), 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= max(1, rank):
                return time_in(bucket)
        return None

    def as_json(self) -> list[Any]:
        """Return [count, errors, total ms, {bucket: count}]."""
        return [self.count, self.errors, round(self.total_ms, 2), {str(b): n for b, n in self.buckets.items()}]

    @classmethod
    def from_json(cls, stored: list[Any]) -> "StageTally":
        """Return what `as_json` gave."""
        count, errors, total_ms, buckets = stored
        return cls(count, errors, total_ms, {int(bucket): n for bucket, n in buckets.items()})


@dataclass(slots=True)
class Tally:
    """What many results and attempts came to."""

    outcomes: dict[str, int] = field(default_factory=dict)
    reused_count: int = 0
    attempt_count: int = 0
    unpriced_count: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    wait_ms: int = 0
    cost_usd: Decimal = Decimal(0)
    stages: dict[str, StageTally] = field(default_factory=dict)
    calls: StageTally = field(default_factory=StageTally)
    """Latency of the accepted calls, waiting left out."""
    first_tokens: StageTally = field(default_factory=StageTally)
    """Time to the first word of the accepted calls that were streamed."""

    @property
    def results(self) -> int:
        """Stored results."""
        return sum(self.outcomes.values())

    def merge(self, other: "Tally") -> None:
        """Count all that another one counted."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        for name in SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cost_usd += other.cost_usd
        for stage, tally in other.stages.items():
            self.stages.setdefault(stage, StageTally()).merge(tally)
        self.calls.merge(other.calls)
        self.first_tokens.merge(other.first_tokens)

    def stages_json(self) -> dict[str, Any]:
        """Return the times as a work unit stores them."""
        streamed = {"first_token": self.first_tokens} if self.first_tokens.count else {}
        return {name: tally.as_json() for name, tally in {**self.stages, "call": self.calls, **streamed}.items()}


def stage_tallies(stored: Mapping[str, list[Any]]) -> tuple[dict[str, StageTally], StageTally, StageTally]:
    """Return (by stage, calls, first tokens) of what `Tally.stages_json` gave."""
    tallies = {name: StageTally.from_json(values) for name, values in stored.items()}
    calls, first_tokens = tallies.pop("call", StageTally()), tallies.pop("first_token", StageTally())
    return tallies, calls, first_tokens


def merged(tallies: Iterable[Tally]) -> Tally:
    """Return one tally of many."""
    total = Tally()
    for tally in tallies:
        total.merge(tally)
    return total
