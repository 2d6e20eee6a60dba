"""Stand-ins for what tests must not wait for or reach: time, and a provider."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from runs.exchange import Completion, Request
from runs.limits.gates import Gate, Health
from runs.lines import ProviderLine


@dataclass(slots=True)
class FakeClock:
    """A clock that only `sleep` moves; what was slept is noted."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Return the seconds that have passed."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    def pass_by(self, seconds: float) -> None:
        """Let the time pass."""
        self.now += seconds


class FakeRunner:
    """Answers calls one after the other from a list of completions and exceptions; the last one stays."""

    def __init__(self, answers: Iterable[Completion | Exception]) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Completion:
        """Return or raise what comes next."""
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class HangingRunner:
    """Answers never to its end; `draft` is what arrives before."""

    def __init__(self, draft: Completion | None = None) -> None:
        self.called = asyncio.Event()
        self._draft = draft

    async def complete(self, request: Request) -> Completion:
        """Wait until cancelled."""
        request.draft.so_far = lambda: self._draft
        self.called.set()
        await asyncio.Event().wait()
        raise AssertionError


def line_to(runner: FakeRunner | HangingRunner, clock: FakeClock, *, limit: int = 8) -> ProviderLine:
    """Return a line to a fake provider at which a token costs a dollar."""
    return ProviderLine(1, "fake", runner, Gate(limit), Health(clock), price_of_tokens)


def price_of_tokens(model: str, tokens_in: int | None, tokens_out: int | None, cached_tokens: int) -> Decimal | None:
    """Return a dollar a token, None where they were not counted."""
    return None if tokens_in is None or tokens_out is None else Decimal(tokens_in + tokens_out)
