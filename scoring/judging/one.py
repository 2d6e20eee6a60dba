"""Judging: one scorer on one answer, where a crash is the score's error and never a wrong answer."""

import math
from dataclasses import dataclass

from experiments.cleaning import clean_text
from scoring.scorers.base import Answer, Question, Scorer, Verdict

LABEL_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be judged, and by whom."""

    scorer: Scorer
    question: Question
    answer: Answer


def judged(judgement: Judgement) -> Verdict:
    """Return the scorer's verdict; what it raises, or a value that is no finite number, is the verdict's error."""
    try:
        return _storable(judgement.scorer.score(judgement.question, judgement.answer))
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises
        return Verdict(None, error=clean_text(f"{type(error).__name__}: {error}"))


def _storable(verdict: Verdict) -> Verdict:
    """Return a verdict as databases take it: finite, without NUL, its label cut; with an error it has no value."""
    value = None if verdict.value is None or verdict.error else float(verdict.value)
    if value is not None and not math.isfinite(value):
        return Verdict(None, error=f"the scorer gave {value}, which is no number that can be averaged")
    return Verdict(
        value,
        clean_text(verdict.label)[:LABEL_LENGTH],
        None if verdict.extracted is None else clean_text(verdict.extracted),
        clean_text(verdict.explanation),
        clean_text(verdict.error),
    )
