"""A lane's line to one provider: its runner, its gate, its prices, and what is learnt of it from every call."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from runs.exchange import CallFailed, Completion, Request
from runs.execution import Job
from runs.limits.estimates import TokenEstimates
from runs.limits.gates import Gate, Health
from runs.limits.throttling import Ear
from runs.limits.wallets import NOTHING

TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500


class Asks(Protocol):
    """What the port needs of a runner."""

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call."""
        ...


@dataclass(slots=True)
class ProviderLine:
    """A lane's line to one provider, shared by all its runs."""

    provider_id: int
    name: str
    runner: Asks
    gate: Gate
    health: Health
    price: Callable[[str, int | None, int | None, int], Decimal | None]
    """(model, tokens in, tokens out, of those in from a cache) to USD; None: unknown."""
    estimates: TokenEstimates = field(default_factory=TokenEstimates)
    ear: Ear = field(default_factory=Ear)
    """What its calls hear of the provider's pace."""
    is_in_process: bool = False
    """Whether code of others works on its calls in this process."""

    async def enter(self, job: Job, request: Request) -> "Slot":
        """Come back with a slot when a call may begin; the gate must be left then."""
        tokens = sum(self.estimates.of(request)) if self.gate.meter is not None else 0.0
        return Slot(await self.gate.enter(job.run.run_id, tokens), tokens)

    def settle(self, slot: "Slot", request: Request, completion: Completion | None, failure: CallFailed | None) -> None:
        """Correct what a call was thought to take to what it took; where nobody knows, the estimate stays."""
        meter = self.gate.meter
        if slot.number is None or meter is None:
            return
        if completion is not None:
            tokens = self.estimates.learn(request, completion.tokens_in, completion.tokens_out)
        else:
            tokens = 0 if failure is not None and failure.status and failure.partial is None else None
        if tokens is not None:
            meter.settle(slot.number, tokens - slot.tokens)

    def thought_cost(self, request: Request) -> Decimal:
        """Return what a call is thought to cost; a provider without prices is refused before."""
        tokens_in, tokens_out = self.estimates.of(request)
        return self.price(request.model, math.ceil(tokens_in), math.ceil(tokens_out), 0) or NOTHING

    def hear(self, failure: CallFailed | None) -> None:
        """Take what came of a call as a word about the pace: a 429 is against it, a 5xx or no answer is none."""
        if failure is None:
            self.ear.answered()
        elif failure.status == TOO_MANY_REQUESTS:
            if held_for_s := self.ear.throttled(failure.retry_after_s):
                self.gate.hold(held_for_s)
        elif failure.status is not None and failure.status < SERVER_ERRORS:
            self.ear.answered()


@dataclass(frozen=True, slots=True)
class Slot:
    """Leave to make one call."""

    number: int | None
    """The allowance that it is of; None: no limit of the minute."""
    tokens: float
    """What it is thought to take."""
