"""Scoring apart: a child that hangs or dies costs one verdict, and the next has a new child."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from scoring.judging.apart import ScorersApart
from scoring.judging.one import Judgement
from scoring.scorers.base import Scorer, Verdict
from tests.scoring.judged import answer, question
from tests.scoring.plugged_in import Dying, Hanging, Noisy, Telling


@pytest.fixture
async def apart() -> AsyncIterator[ScorersApart]:
    """A child with a deadline of half a second."""
    scorers = ScorersApart(deadline_s=0.5)
    yield scorers
    await scorers.close()


async def judged_by(apart: ScorersApart, kind: type[Scorer], text: str) -> Verdict:
    """Return the verdict of a scorer on a text."""
    return await apart.judge(Judgement(kind({}), question("four"), answer(text)))


async def test_judge_apart_gives_the_verdict(apart: ScorersApart) -> None:
    assert await judged_by(apart, Telling, "0.25") == Verdict(0.25, "four")


async def test_judge_apart_gives_everybody_their_own(apart: ScorersApart) -> None:
    verdicts = await asyncio.gather(*(judged_by(apart, Telling, str(number)) for number in range(20)))

    assert [verdict.value for verdict in verdicts] == list(range(20))


async def test_judge_apart_makes_a_crash_of_the_scorer_its_error(apart: ScorersApart) -> None:
    assert (await judged_by(apart, Telling, "four")).error.startswith("ValueError")


async def test_judge_apart_keeps_what_a_scorer_prints_out_of_the_verdict(apart: ScorersApart) -> None:
    assert await judged_by(apart, Noisy, "") == Verdict(1.0)


async def test_judge_apart_that_hangs_is_stopped_and_replaced(apart: ScorersApart) -> None:
    late = await judged_by(apart, Hanging, "60")
    next_one = await judged_by(apart, Hanging, "0")

    assert late == Verdict(None, error="the scorer took longer than 0.5 s and was stopped")
    assert next_one == Verdict(1.0)


async def test_judge_apart_that_dies_is_replaced(apart: ScorersApart) -> None:
    dead = await judged_by(apart, Dying, "die")
    next_one = await judged_by(apart, Dying, "live")

    assert dead == Verdict(None, error="the scorer's process ended before its verdict")
    assert next_one == Verdict(1.0)


async def test_judge_apart_given_up_does_not_answer_the_next(apart: ScorersApart) -> None:
    await judged_by(apart, Telling, "0")
    given_up = asyncio.create_task(judged_by(apart, Hanging, "0.2"))
    await asyncio.sleep(0.05)

    given_up.cancel()
    verdict = await judged_by(apart, Telling, "0.125")

    assert given_up.cancelled()
    assert verdict.value == 0.125


async def test_close_without_a_child_does_nothing() -> None:
    await ScorersApart().close()
