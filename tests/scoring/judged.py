"""Making a scorer from options as somebody writes them, and asking it about one answer."""

from decimal import Decimal
from typing import Any

from scoring.scorers.base import Answer, Question, Scorer, Verdict


def made(kind: type[Scorer], **options: Any) -> Scorer:
    """Return the scorer with these options, the others at their defaults."""
    return kind(kind.Options.parse(options))


def question(expected: Any = None) -> Question:
    """Return an item with this expected value."""
    return Question(key="a1", input="2 + 2?", expected=expected, metadata={}, tags=())


def answer(text: str, *, latency_ms: int | None = 120, cost_usd: Decimal | None = None) -> Answer:
    """Return an answer with this text."""
    return Answer(text=text, outcome="ok", latency_ms=latency_ms, cost_usd=cost_usd)


def judged(kind: type[Scorer], text: str, expected: Any = None, **options: Any) -> Verdict:
    """Return the verdict of a scorer with these options on a text."""
    return made(kind, **options).score(question(expected), answer(text))
