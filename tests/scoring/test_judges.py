"""Where judgements are made: quick patterns in the event loop, those that were slow once in the thread."""

import threading
from typing import Any

import pytest

from scoring import judges
from scoring.judges import Judges
from scoring.judging import Judgement
from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict
from scoring.scorers.text import ExactMatch


class WhereAmI(Scorer):
    """Says in which thread it was asked."""

    label, help_text, place = "Where", "", Place.THREAD

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the thread's name."""
        del question, answer
        return Verdict(1.0, threading.current_thread().name)


async def places(count: int) -> list[str]:
    """Return where one scorer judged, time after time."""
    judging, scorer = Judges(), WhereAmI({})
    judgement = Judgement(scorer, Question("a", "", None, {}, ()), Answer("", "ok", None, None))
    verdicts = [await judging.verdict(judgement) for _ in range(count)]
    await judging.close()
    return [verdict.label.partition("_")[0] for verdict in verdicts]


async def test_quick_pattern_is_judged_in_the_event_loop() -> None:
    assert await places(2) == [threading.current_thread().name] * 2


async def test_pattern_that_is_slow_is_judged_in_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "time", Slow())

    assert await places(2) == ["judging", "judging"]


async def test_pattern_that_needs_more_than_passing_time_gets_all_of_it_in_the_thread() -> None:
    judging, scorer = Judges(), ExactMatch({**ExactMatch.Options.parse({}), "extract": "(a|aa)+$"})
    judgement = Judgement(scorer, Question("a", "", "1", {}, ()), Answer("a" * 80 + "b", "ok", None, None))

    verdict = await judging.verdict(judgement)
    await judging.close()

    assert (verdict.value, verdict.explanation) == (None, "the pattern needed more than 100 ms.")


class Slow:
    """A clock by which everything takes a second."""

    def __init__(self) -> None:
        self._now = 0.0

    def thread_time(self) -> float:
        """Return a second more each time."""
        self._now += 1.0
        return self._now

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)
