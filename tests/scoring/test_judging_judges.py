"""Where judgements are made: quick patterns in the event loop, those that were slow once in the thread."""

import threading

from scoring.judging.judges import Judges
from scoring.judging.one import Judgement
from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict
from scoring.scorers.extraction import TookTooLong, time_allowed
from scoring.scorers.text import ExactMatch


class WhereAmI(Scorer):
    """Says in which thread it was asked; with `slow` its pattern takes too long in passing."""

    label, help_text, place = "Where", "", Place.THREAD

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the thread's name."""
        del question, answer
        if self.options.get("slow") and "concurrent" in time_allowed():
            return TookTooLong().verdict
        return Verdict(1.0, threading.current_thread().name)


async def places(count: int, *, is_slow: bool = False) -> list[str]:
    """Return where one scorer judged, time after time."""
    judging, scorer = Judges(), WhereAmI({"slow": is_slow})
    judgement = Judgement(scorer, Question("a", "", None, {}, ()), Answer("", "ok", None, None))
    verdicts = [await judging.verdict(judgement) for _ in range(count)]
    await judging.close()
    return [verdict.label.partition("_")[0] for verdict in verdicts]


async def test_quick_pattern_is_judged_in_the_event_loop() -> None:
    assert await places(2) == [threading.current_thread().name] * 2


async def test_pattern_that_is_slow_is_judged_in_the_thread() -> None:
    assert await places(2, is_slow=True) == ["judging", "judging"]


async def test_pattern_that_needs_more_than_passing_time_gets_all_of_it_in_the_thread() -> None:
    judging, scorer = Judges(), ExactMatch({**ExactMatch.Options.parse({}), "extract": "(a|aa)+$"})
    judgement = Judgement(scorer, Question("a", "", "1", {}, ()), Answer("a" * 80 + "b", "ok", None, None))

    verdict = await judging.verdict(judgement)
    await judging.close()

    assert (verdict.value, verdict.explanation) == (None, "the pattern needed more than 100 ms.")
