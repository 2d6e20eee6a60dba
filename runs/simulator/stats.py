"""What the simulator counts: the witness of tests and benchmarks."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Stats:
    """Counters since the start or the last reset. Times are seconds since 1970; 0.0: not yet."""

    clock: Callable[[], float] = time.time
    requests: int = 0
    """Calls for a completion that were let in."""
    in_flight: int = 0
    max_in_flight: int = 0
    first_request_at: float = 0.0
    last_request_at: float = 0.0
    last_answer_at: float = 0.0
    gone: int = 0
    """Calls whose client left before the answer."""
    cpu_before_s: float = field(default_factory=time.process_time)
    """CPU seconds of this process at the start or the last reset."""
    by_model: Counter[str] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)

    def begin(self, model: str) -> None:
        """Count a call that came in."""
        self.last_request_at = self.clock()
        self.first_request_at = self.first_request_at or self.last_request_at
        self.requests += 1
        self.by_model[model] += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self) -> None:
        """Count a call that was answered or dropped."""
        self.in_flight -= 1
        self.last_answer_at = self.clock()

    def lost(self) -> None:
        """Count a call whose client left."""
        self.in_flight -= 1
        self.gone += 1

    def reset(self) -> None:
        """Begin anew; calls in flight stay counted as such."""
        self.requests = self.gone = 0
        self.max_in_flight = self.in_flight
        self.first_request_at = self.last_request_at = self.last_answer_at = 0.0
        self.cpu_before_s = time.process_time()
        self.by_model.clear()
        self.by_fault.clear()

    def as_json(self) -> dict[str, Any]:
        """Return the counters, the seconds from the first request to the last answer, and the CPU seconds."""
        names = ("requests", "in_flight", "max_in_flight", "gone")
        times = ("first_request_at", "last_request_at", "last_answer_at")
        return {
            **{name: getattr(self, name) for name in (*names, *times)},
            "span_s": max(0.0, self.last_answer_at - self.first_request_at),
            "cpu_s": time.process_time() - self.cpu_before_s,
            "by_model": dict(self.by_model),
            "by_fault": dict(self.by_fault),
        }
