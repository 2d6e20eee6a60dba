"""Scoring in a thread: verdicts come to whoever asked, and a bad pattern holds nobody else up for long."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from scoring.judging.batches import JUDGED_AT_ONCE, JudgingThread
from scoring.judging.one import Judgement
from scoring.scorers.base import Verdict
from scoring.scorers.text import Regex
from tests.scoring.judged import answer, made, question
from tests.scoring.plugged_in import Telling


@pytest.fixture
async def thread() -> AsyncIterator[JudgingThread]:
    """A judging thread."""
    judging = JudgingThread()
    yield judging
    judging.close()


def telling(number: int) -> Judgement:
    """Return a judgement whose verdict is this number."""
    return Judgement(Telling({}), question(), answer(str(number)))


async def test_judge_gives_everybody_their_own_verdict(thread: JudgingThread) -> None:
    numbers = range(3 * JUDGED_AT_ONCE)

    verdicts = await asyncio.gather(*(thread.judge(telling(number)) for number in numbers))

    assert [verdict.value for verdict in verdicts] == [float(number) for number in numbers]


async def test_judge_goes_on_after_a_pause(thread: JudgingThread) -> None:
    first = await thread.judge(telling(1))
    await asyncio.sleep(0.01)

    second = await thread.judge(telling(2))

    assert (first.value, second.value) == (1.0, 2.0)


async def test_judge_given_up_leaves_the_others_their_verdicts(thread: JudgingThread) -> None:
    tasks = [asyncio.create_task(thread.judge(telling(number))) for number in range(3)]
    await asyncio.sleep(0)

    tasks[1].cancel()
    verdicts = await asyncio.gather(*tasks, return_exceptions=True)

    assert [verdict.value for verdict in verdicts if isinstance(verdict, Verdict)] == [0.0, 2.0]


async def test_catastrophic_pattern_ends_as_no_verdict_while_the_loop_goes_round(thread: JudgingThread) -> None:
    catastrophic = made(Regex, pattern="(a|aa)+$")
    began = time.monotonic()
    judging = asyncio.create_task(thread.judge(Judgement(catastrophic, question(), answer("a" * 80 + "b"))))
    other = asyncio.create_task(thread.judge(telling(7)))

    longest = await longest_round(judging)

    assert (await judging).value is None
    assert (await other).value == 7.0
    assert time.monotonic() - began < 2.0
    assert longest < 0.09


async def longest_round(until: "asyncio.Task[Verdict]") -> float:
    """Return the longest that the event loop stood still until a task was done."""
    longest = 0.0
    while not until.done():
        began = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - began)
    return longest
