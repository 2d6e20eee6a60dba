"""Judging: one scorer on one answer, where a crash is the score's error and never a wrong answer."""

import math
from dataclasses import dataclass

from experiments.cleaning import clean_text
from scoring.scorers.base import Answer, Question, Scorer, Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be judged, and by whom."""

    scorer: Scorer
    question: Question
    answer: Answer


def judged(judgement: Judgement) -> Verdict:
    """Return the scorer's verdict; what it raises, or a value that is no finite number, is the verdict's error."""
    try:
        verdict = judgement.scorer.score(judgement.question, judgement.answer)
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises
        return Verdict(None, error=clean_text(f"{type(error).__name__}: {error}"))
    if verdict.value is not None and not math.isfinite(verdict.value):
        return Verdict(None, error=f"the scorer gave {verdict.value}, which is no number that can be averaged")
    return verdict
