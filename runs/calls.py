"""The one port for calls: limits, timeouts, retries and attempts. Stages never call a runner, only `CallPort`."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.execution import Attempt, Halted, Job
from runs.limits.wallets import NOTHING, Purchase, Wallet
from runs.lines import ProviderLine
from runs.outcomes import ANSWERED, Outcome

logger = logging.getLogger(__name__)

MAX_TRIES = 5
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0
UNREACHED_PAUSE_S = 1.0
DEFAULT_TIMEOUT_S = 300.0
TIMEOUT = "timeout"
KNOWN = frozenset(Outcome)
Busy = Callable[[int], AbstractContextManager[None]]
POSSIBLY, NOT_BILLED = "possibly", "no"


class OpenCalls(Protocol):
    """Where the results of open calls are noted."""

    def put(self, result_id: int) -> int:
        """Note that a call of this result begins; return what `clear` takes."""
        ...

    def clear(self, slot: int) -> None:
        """Note that it has ended."""
        ...


class NotNoted:
    """Open calls of which nobody keeps a note."""

    def put(self, _result_id: int) -> int:
        """Note nothing."""
        return -1

    def clear(self, _slot: int) -> None:
        """Note nothing."""


@dataclass(slots=True)
class Limits:
    """How long and how often one result may try."""

    timeout_s: float = DEFAULT_TIMEOUT_S
    tries: int = MAX_TRIES
    wallets: Sequence[Wallet] = ()
    """Of the budgets that its calls are paid from."""


@dataclass(slots=True)
class CallPort:
    """Makes the calls of a lane. Clock, sleep and jitter are passed in, so that tests need no time."""

    stop_run: Callable[[Job, str], None]
    """Told when a run needs a person: (a job of it, the reason)."""
    provider_down: Callable[[ProviderLine, str], None]
    note: Callable[[Job], None] = lambda _job: None
    """Given every job whose answer was accepted, at once."""
    open_calls: OpenCalls = field(default_factory=NotNoted)
    """Where the results of open calls are noted, in case this process dies."""
    busy: Busy = lambda _result_id: nullcontext()
    """The context of a call that code of others works on in this process."""
    clock: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = field(default=lambda: random.uniform(0.75, 1.25))

    async def complete(self, job: Job, line: ProviderLine, request: Request, limits: Limits) -> Completion | None:
        """Return the accepted completion; None when the tries are used up (the job then says what it came to).

        Raises Halted when the run takes no new calls.
        """
        tries, answers = 0, line.health.answers
        while True:
            began = self.clock()
            if limits.wallets:
                completion, failure = await self._buy(job, line, request, limits, began)
            else:
                completion, failure = await self._enter_and_call(job, line, request, limits, began)
            if failure is None:
                await _let_calls_begin()
                return completion
            # A call that reached nobody costs a try only when the provider answered others meanwhile: one that
            # reaches nobody at all goes down.
            tries += not failure.is_unreachable or line.health.answers != answers
            answers = line.health.answers
            if job.run.halted:
                raise Halted(job.run.halted)
            if not failure.is_retriable or tries >= limits.tries:
                job.end(failure.outcome, failure.detail)
                job.raw_response, job.partial = failure.raw_response, failure.partial
                return None
            await self._pause(job, failure)

    async def _enter_and_call(
        self, job: Job, line: ProviderLine, request: Request, limits: Limits, began: float
    ) -> tuple[Completion | None, CallFailed | None]:
        """Make one call as soon as the line lets it in."""
        slot = await line.enter(job, request)
        job.wait_ms += round((self.clock() - began) * 1000)
        completion, failure = await self._call(job, line, request, limits)
        line.settle(slot, request, completion, failure)
        line.hear(failure)
        return completion, failure

    async def _buy(
        self, job: Job, line: ProviderLine, request: Request, limits: Limits, began: float
    ) -> tuple[Completion | None, CallFailed | None]:
        """Make one call once its money is set aside, and book what it has cost."""
        purchase = Purchase(limits.wallets, line.thought_cost(request))
        await purchase.set_aside()
        calls, cost_usd = job.call_count, None
        try:
            completion, failure = await self._enter_and_call(job, line, request, limits, began)
            cost_usd = job.cost_usd if failure is None else _cost_of(failure)
            if completion is not None and line.gate.meter is None:
                line.estimates.learn(request, completion.tokens_in, completion.tokens_out)
        finally:
            purchase.settle(cost_usd if job.call_count > calls else NOTHING)
        return completion, failure

    async def _call(
        self, job: Job, line: ProviderLine, request: Request, limits: Limits
    ) -> tuple[Completion | None, CallFailed | None]:
        """Make one call in the slot that was entered, and leave it."""
        if job.run.halted:
            line.gate.leave()
            raise Halted(job.run.halted)
        began = self.clock()
        try:
            with self._open(job, line):
                completion = await self._ask(job, line, request, limits)
                self._accept(job, line, request, completion, began)
        except NeedsPerson as reason:
            self.stop_run(job, str(reason))
            raise Halted(str(reason)) from None
        except (CallFailed, TimeoutError) as error:
            failure = _failure_of(error, line, limits, partial=request.draft.take())
            _forget_where(failure)
            self._note(job, line, failure, began)
            return None, failure
        except asyncio.CancelledError:
            job.attempts.append(self._attempt("", "cancelled while the call was open", None, POSSIBLY, began))
            raise
        return completion, None

    def _accept(self, job: Job, line: ProviderLine, request: Request, completion: Completion, began: float) -> None:
        """Make a completion the job's, at once: a halt in the next moment must not throw a paid answer away.

        It is noted while its call is still noted as open: a process that dies between the two would lose it unseen.
        """
        line.health.reached()
        job.completion, job.called_s = completion, began
        job.latency_ms = (
            round((self.clock() - began) * 1000) if completion.latency_ms is None else completion.latency_ms
        )
        counted = (completion.tokens_in, completion.tokens_out, completion.cached_tokens or 0)
        job.cost_usd = line.price(request.model, *counted)
        self.note(job)

    @contextmanager
    def _open(self, job: Job, line: ProviderLine) -> Iterator[None]:
        """Count and note a call as open; leave its slot in the end."""
        job.is_calling = True
        job.unit.open_calls += 1
        job.call_count += 1
        noted = self.open_calls.put(job.result_id)
        try:
            yield
        finally:
            job.is_calling = False
            job.unit.open_calls -= 1
            self.open_calls.clear(noted)
            line.gate.leave()

    async def _ask(self, job: Job, line: ProviderLine, request: Request, limits: Limits) -> Completion:
        async with asyncio.timeout(limits.timeout_s):
            with self.busy(job.result_id) if line.is_in_process else nullcontext():
                completion = await line.runner.complete(request)
        if completion.outcome not in ANSWERED:
            raise _unknown_outcome(completion.outcome, line)
        return completion

    def _note(self, job: Job, line: ProviderLine, failure: CallFailed, began: float) -> None:
        """Keep a failed call as an attempt, and what it says of the provider."""
        billed = NOT_BILLED if failure.is_unbilled else POSSIBLY
        attempt = self._attempt(failure.outcome, failure.detail, failure.status, billed, began)
        attempt.raw_response = failure.raw_response
        job.attempts.append(attempt)
        _log_failure(job, line, failure)
        self._judge_health(line, failure)

    def _judge_health(self, line: ProviderLine, failure: CallFailed) -> None:
        if not failure.is_unreachable:
            line.health.reached()
            return
        line.health.unreached()
        if line.health.is_down:
            self.provider_down(line, failure.detail)

    async def _pause(self, job: Job, failure: CallFailed) -> None:
        pause_s = failure.retry_after_s
        if pause_s is None:
            longest = UNREACHED_PAUSE_S if failure.is_unreachable else LONGEST_PAUSE_S
            pause_s = min(longest, FIRST_PAUSE_S * 2 ** min(job.call_count - 1, 10)) * self.jitter()
        began = self.clock()
        await self.sleep(pause_s)
        job.wait_ms += round((self.clock() - began) * 1000)

    def _attempt(self, outcome: str, detail: str, status: int | None, billed: str, began: float) -> Attempt:
        latency_ms = round((self.clock() - began) * 1000)
        return Attempt(outcome, detail, status, billed, latency_ms, began_s=began)


def _log_failure(job: Job, line: ProviderLine, failure: CallFailed) -> None:
    if logger.isEnabledFor(logging.DEBUG):
        told = {"run": job.run.uid, "result": job.address, "provider": line.name, "status": failure.status}
        logger.debug("a call failed: %s", failure.detail, extra={**told, "outcome": failure.outcome})


async def _let_calls_begin() -> None:
    """Come back when the calls have begun that could: answers come in bursts, and what is made of them can wait.

    One turn of the loop lets the other answers of the burst be read, the second lets their slots' next calls be sent.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _failure_of(
    error: CallFailed | TimeoutError, line: ProviderLine, limits: Limits, *, partial: Completion | None
) -> CallFailed:
    """Return the failure that ended a call, with what had arrived."""
    failure = error if isinstance(error, CallFailed) else _out_of_time(limits.timeout_s, is_begun=partial is not None)
    if failure.outcome not in KNOWN:
        failure = _unknown_outcome(failure.outcome, line)
    failure.partial = partial
    return failure


def _forget_where(failure: CallFailed) -> None:
    """Let go of where a failure was raised: those frames hold the whole body, and would until somebody looks for
    cycles, which a lane has done seldom: 50 answers of 16 MiB each that are too large took 800 MiB.
    """
    failure.__traceback__ = failure.__context__ = failure.__cause__ = None


def _unknown_outcome(outcome: str, line: ProviderLine) -> CallFailed:
    """Return what a runner's outcome comes to that is none of ours: the runner is wrong, not the answer."""
    sentence = f'the runner {type(line.runner).__name__} of {line.name} gave the outcome "{outcome}", which it may not'
    return CallFailed(Outcome.RUNNER_ERROR.value, sentence, is_retriable=False)


def _cost_of(failure: CallFailed) -> Decimal | None:
    """Return what a failed call costs: nothing where the provider said no; None where nobody knows."""
    said_no = failure.status is not None or failure.is_unreachable
    return NOTHING if said_no and failure.partial is None else None


def _out_of_time(timeout_s: float, *, is_begun: bool) -> CallFailed:
    what = "the answer was not whole" if is_begun else "no answer"
    return CallFailed(TIMEOUT, f"{what} within {timeout_s:g} s", is_retriable=False)
