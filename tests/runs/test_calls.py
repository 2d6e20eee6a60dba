"""The one port for calls: what is tried again, when, and what is noted of what was not accepted."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from weakref import WeakSet

import pytest

from runs.calls import MAX_TRIES, CallPort, Limits
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.execution import Halted, Job
from runs.limits.allowance import Allowance
from runs.limits.gates import Gate
from runs.lines import ProviderLine
from tests.fakes import FakeClock, FakeRunner, HangingRunner, line_to
from tests.runs.jobs import a_job

GOOD = Completion("4", tokens_in=3, tokens_out=2)
Sleep = Callable[[float], Awaitable[None]]


def server_error(status: int = 500) -> CallFailed:
    """Return a failure that the provider answered."""
    return CallFailed("provider_error", "it broke", status=status, raw_response="oops")


def refused() -> CallFailed:
    """Return a failure without a connection."""
    return CallFailed("provider_error", "the connection was refused", is_unreachable=True, was_sent=False)


@dataclass
class Calling:
    """A port with a fake clock, a job and a line to a provider, and what the port told of runs and providers."""

    runner: FakeRunner | HangingRunner
    limits: Limits = field(default_factory=Limits)
    clock: FakeClock = field(default_factory=FakeClock)
    request: Request = field(default_factory=lambda: Request("small", [], {}))
    job: Job = field(default_factory=a_job)
    stopped: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = line_to(self.runner, self.clock)
        self.port = CallPort(self._stop, self._down, clock=self.clock, sleep=self.clock.sleep, jitter=lambda: 1.0)

    def _stop(self, job: Job, reason: str) -> None:
        self.stopped.append(reason)
        job.run.halted = reason

    def _down(self, line: ProviderLine, reason: str) -> None:
        self.down.append(reason)
        self.job.run.halted = reason

    async def complete(self) -> Completion | None:
        """Have the port complete the job's call."""
        return await self.port.complete(self.job, self.line, self.request, self.limits)


def calling(*answers: Completion | Exception, tries: int = MAX_TRIES) -> Calling:
    """Return a port to a provider that answers so."""
    return Calling(FakeRunner(answers), Limits(tries=tries))


def outcomes(job: Job) -> list[str]:
    """Return what the job's attempts came to."""
    return [attempt.outcome for attempt in job.attempts]


async def test_complete_returns_the_answer_with_its_cost() -> None:
    call = calling(GOOD)

    assert await call.complete() == GOOD

    assert (call.job.cost_usd, call.job.call_count, call.job.attempts) == (Decimal(5), 1, [])


class OpenSlots:
    """Open calls as they are noted: those that there are."""

    def __init__(self) -> None:
        self.open: list[int] = []

    def put(self, result_id: int) -> int:
        """Note one."""
        self.open.append(result_id)
        return result_id

    def clear(self, slot: int) -> None:
        """Take its note out."""
        self.open.remove(slot)


async def test_complete_notes_the_answer_while_its_call_is_still_noted_as_open() -> None:
    call, slots = calling(GOOD), OpenSlots()
    seen: list[tuple[Completion | None, object, list[int]]] = []
    call.port.open_calls = slots
    call.port.note = lambda job: seen.append((job.completion, job.cost_usd, list(slots.open)))

    await call.complete()

    assert seen == [(GOOD, Decimal(5), [call.job.result_id])]
    assert slots.open == []


async def test_complete_without_usage_has_no_cost() -> None:
    call = calling(Completion("4"))

    await call.complete()

    assert call.job.cost_usd is None


async def test_complete_tries_again_after_growing_pauses() -> None:
    call = calling(*[server_error()] * 4, GOOD)

    assert await call.complete() == GOOD

    assert call.clock.slept == [0.5, 1.0, 2.0, 4.0]
    assert outcomes(call.job) == ["provider_error"] * 4


async def test_complete_counts_pauses_as_waiting_and_never_as_latency() -> None:
    call = calling(server_error(), GOOD)

    await call.complete()

    assert (call.job.wait_ms, call.job.latency_ms) == (500, 0)


async def test_complete_answer_is_the_jobs_before_anything_else_happens() -> None:
    call = calling(GOOD)
    asked = asyncio.create_task(call.complete())

    await asyncio.sleep(0)

    assert not asked.done()
    assert (call.job.is_calling, call.job.completion) == (False, GOOD)
    await asked


async def test_complete_keeps_a_recorded_latency() -> None:
    call = calling(Completion("4", latency_ms=321))

    await call.complete()

    assert call.job.latency_ms == 321


async def test_complete_waits_as_long_as_the_provider_asks() -> None:
    call = calling(CallFailed("rate_limited", "slow down", status=429, retry_after_s=37.0), GOOD)

    assert await call.complete() == GOOD

    assert call.clock.slept == [37.0]


async def test_complete_with_its_tries_used_up_says_what_the_job_came_to() -> None:
    call = calling(CallFailed("rate_limited", "slow down", status=429, raw_response="{}"), tries=3)

    assert await call.complete() is None

    assert (call.job.outcome, call.job.detail, call.job.raw_response) == ("rate_limited", "slow down", "{}")
    assert (call.job.call_count, outcomes(call.job)) == (3, ["rate_limited"] * 3)


async def test_complete_does_not_repeat_what_no_repetition_helps() -> None:
    call = calling(CallFailed("invalid_output", "no completion", is_retriable=False, status=200))

    assert await call.complete() is None

    assert (call.job.outcome, call.job.call_count, call.clock.slept) == ("invalid_output", 1, [])


class Body:
    """What came of an answer."""


class TooLarge(FakeRunner):
    """Reads bodies that are too large; `in_memory` are those that somebody holds still."""

    def __init__(self) -> None:
        super().__init__([GOOD])
        self.in_memory = WeakSet[Body]()

    async def complete(self, request: Request) -> Completion:
        """Fail while the body is at hand, as a runner does that classifies what was raised."""
        self.requests.append(request)
        body = Body()
        self.in_memory.add(body)
        try:
            raise ValueError
        except ValueError:
            raise CallFailed("invalid_output", "the answer is too large", status=200) from None


@pytest.fixture
def no_cycles_found() -> Iterator[None]:
    """Let the garbage collector look for nothing: a lane has it look seldom."""
    gc.disable()
    yield
    gc.enable()


async def test_complete_of_calls_that_fail_keeps_no_body_in_memory(no_cycles_found: None) -> None:
    runner = TooLarge()

    assert await Calling(runner, Limits(tries=3)).complete() is None

    assert (len(runner.requests), len(runner.in_memory)) == (3, 0)


async def test_complete_out_of_time_is_not_tried_again() -> None:
    call = Calling(HangingRunner(), Limits(timeout_s=0.01))

    assert await call.complete() is None

    assert (call.job.outcome, call.job.detail) == ("timeout", "no answer within 0.01 s")
    assert [(attempt.outcome, attempt.billed) for attempt in call.job.attempts] == [("timeout", "possibly")]


async def test_complete_out_of_time_keeps_what_had_arrived() -> None:
    half = Completion("ha", first_token_ms=3)
    call = Calling(HangingRunner(half), Limits(timeout_s=0.01))

    assert await call.complete() is None

    assert (call.job.outcome, call.job.partial, call.job.completion) == ("timeout", half, None)
    assert call.job.detail == "the answer was not whole within 0.01 s"


class BreakingRunner(FakeRunner):
    """Has some words arrive before each of its failures."""

    async def complete(self, request: Request) -> Completion:
        """Put the words into the request's draft, then return or raise what comes next."""
        request.draft.so_far = lambda: Completion("ha")
        return await super().complete(request)


async def test_complete_with_its_tries_used_up_keeps_what_had_arrived_at_the_last() -> None:
    cut = CallFailed("invalid_output", "cut short", status=200)
    call = Calling(BreakingRunner([cut]), Limits(tries=2))

    assert await call.complete() is None

    assert (call.job.outcome, call.job.partial) == ("invalid_output", Completion("ha"))
    assert [attempt.billed for attempt in call.job.attempts] == ["possibly"] * 2


async def test_complete_after_a_try_that_broke_off_keeps_the_whole_answer_only() -> None:
    call = Calling(BreakingRunner([CallFailed("invalid_output", "cut short", status=200), GOOD]))

    assert await call.complete() == GOOD

    assert (call.job.completion, call.job.partial) == (GOOD, None)


async def test_complete_that_needs_a_person_stops_the_run_and_notes_nothing() -> None:
    call = calling(NeedsPerson("bad key"))

    with pytest.raises(Halted, match="bad key"):
        await call.complete()

    assert (call.stopped, call.job.attempts, call.line.gate.open) == (["bad key"], [], 0)


async def test_complete_of_a_halted_run_makes_no_call() -> None:
    runner = FakeRunner([GOOD])
    call = Calling(runner)
    call.job.run.halted = "paused"

    with pytest.raises(Halted, match="paused"):
        await call.complete()

    assert (runner.requests, call.line.gate.open, call.job.call_count) == ([], 0, 0)


async def test_complete_of_a_run_halted_meanwhile_does_not_try_again() -> None:
    call = calling(server_error(), GOOD)
    call.port.sleep = halting_sleep(call)

    with pytest.raises(Halted, match="paused"):
        await call.complete()

    assert (call.job.call_count, outcomes(call.job)) == (1, ["provider_error"])


def halting_sleep(call: Calling) -> Sleep:
    """Return a sleep during which somebody pauses the run."""

    async def sleep(seconds: float) -> None:
        call.job.run.halted = "paused"

    return sleep


async def test_complete_cancelled_notes_a_call_that_may_have_been_billed() -> None:
    runner = HangingRunner()
    call = Calling(runner)
    task = asyncio.create_task(call.complete())
    await runner.called.wait()
    opened = call.job.unit.open_calls

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert [(attempt.outcome, attempt.billed) for attempt in call.job.attempts] == [("", "possibly")]
    assert (opened, call.job.unit.open_calls, call.line.gate.open, call.job.is_calling) == (1, 0, 0, False)


@pytest.mark.parametrize(
    ("failure", "billed"),
    [
        (server_error(), "no"),
        (refused(), "no"),
        (CallFailed("provider_error", "closed", is_unreachable=True), "possibly"),
        (CallFailed("invalid_output", "cut short"), "possibly"),
    ],
)
async def test_complete_says_whether_a_failed_call_was_billed(failure: CallFailed, billed: str) -> None:
    call = calling(failure, GOOD)

    await call.complete()

    assert [attempt.billed for attempt in call.job.attempts] == [billed]


async def test_complete_unreached_costs_no_tries() -> None:
    call = calling(*[refused()] * 12, GOOD)

    assert await call.complete() == GOOD

    assert (len(call.job.attempts), max(call.clock.slept)) == (12, 1.0)


async def test_complete_unreached_leaves_all_tries_for_when_the_provider_is_back() -> None:
    call = calling(*[refused()] * 12, *[server_error()] * (MAX_TRIES - 1), GOOD)

    assert await call.complete() == GOOD


async def test_complete_unreached_while_others_are_answered_uses_its_tries_up() -> None:
    call = calling(refused())
    call.port.sleep = sleep_while_others_are_answered(call)

    assert await call.complete() is None

    assert (call.job.outcome, call.job.call_count, call.down) == ("provider_error", MAX_TRIES + 1, [])


def sleep_while_others_are_answered(call: Calling) -> Sleep:
    """Return a sleep during which the provider answers other calls."""

    async def sleep(seconds: float) -> None:
        call.line.health.reached()

    return sleep


async def test_complete_unreached_twenty_times_in_a_row_takes_the_provider_down() -> None:
    call = calling(refused())

    with pytest.raises(Halted):
        await call.complete()

    assert (len(call.job.attempts), call.down) == (20, ["the connection was refused"])


async def test_complete_waits_for_its_turn_at_the_gate() -> None:
    call = calling(GOOD)
    call.line.gate.set_limit(0)
    task = asyncio.create_task(call.complete())
    await asyncio.sleep(0)
    call.clock.pass_by(2.5)

    call.line.gate.set_limit(1)
    await task

    assert (call.job.wait_ms, call.job.latency_ms) == (2500, 0)


async def test_complete_leaves_the_gate_between_tries() -> None:
    call = calling(server_error(), GOOD)
    open_calls: list[int] = []
    call.port.sleep = noting_sleep(call, open_calls)

    await call.complete()

    assert open_calls == [0]


def noting_sleep(call: Calling, noted: list[int]) -> Sleep:
    """Return a sleep that notes how many calls are open."""

    async def sleep(seconds: float) -> None:
        noted.append(call.line.gate.open)

    return sleep


@pytest.mark.parametrize("outcome", ["okay", "", "timeout", "skipped"])
async def test_completion_of_an_outcome_that_is_none_is_an_error_of_the_runner(outcome: str) -> None:
    made = calling(Completion("4", outcome))

    assert await made.complete() is None

    sentence = f'the runner FakeRunner of {made.line.name} gave the outcome "{outcome}", which it may not'
    assert (made.job.outcome, made.job.detail) == ("runner_error", sentence)
    assert [attempt.outcome for attempt in made.job.attempts] == ["runner_error"]


async def test_failure_of_an_outcome_that_is_none_is_an_error_of_the_runner() -> None:
    made = calling(CallFailed("exploded", "boom"))

    assert await made.complete() is None

    assert made.job.outcome == "runner_error"
    assert '"exploded"' in made.job.detail


async def test_failure_that_is_a_truncated_answer_stays_one() -> None:
    made = calling(CallFailed("truncated", "input too long", is_retriable=False))

    assert await made.complete() is None

    assert (made.job.outcome, made.job.detail) == ("truncated", "input too long")


def throttled(retry_after_s: float | None = None) -> CallFailed:
    """Return the failure that a 429 is."""
    return CallFailed("rate_limited", "slow down", status=429, retry_after_s=retry_after_s)


def metered(*answers: Completion | Exception) -> Calling:
    """Return a port to a provider with a limit of tokens, of which there are enough."""
    call = calling(*answers)
    call.line.gate = Gate(8, call.clock)
    call.line.gate.allow(Allowance(5, 10, 10_000.0, 0.0, 0.0, 1000.0))
    return call


async def test_complete_throttled_with_a_wait_holds_the_whole_line() -> None:
    call = calling(throttled(37.0), throttled(37.0), throttled(37.0), GOOD)
    call.line.gate = Gate(8, call.clock)
    call.port.sleep = noting_sleep(call, [])
    task = asyncio.create_task(call.complete())
    await asyncio.sleep(0.01)

    waiting = call.line.gate.waiting
    call.clock.pass_by(37.0)
    call.line.gate.set_limit(8)

    assert (waiting, await task) == (1, GOOD)


async def test_complete_with_a_server_error_says_nothing_of_the_pace() -> None:
    call = calling(server_error(503), GOOD)

    await call.complete()

    heard = call.line.ear.report()
    assert (heard.answers, heard.throttled, heard.is_too_fast) == (1, 0, False)


async def test_complete_settles_the_tokens_that_came() -> None:
    call = metered(GOOD)

    await call.complete()

    meter = call.line.gate.meter
    assert meter is not None
    thought = meter.allowances[0].tokens_used
    assert list(meter.settled) == [(5, 0, round(5 - thought))]


async def test_complete_without_usage_keeps_the_estimate() -> None:
    call = metered(Completion("4"))

    await call.complete()

    meter = call.line.gate.meter
    assert meter is not None
    assert (list(meter.settled), meter.allowances[0].tokens_used > 0) == ([], True)


async def test_complete_throttled_gives_its_tokens_back() -> None:
    call = metered(throttled(), Completion("4"))

    await call.complete()

    meter = call.line.gate.meter
    assert meter is not None
    assert sum(tokens for _, _, tokens in meter.settled) == -256
