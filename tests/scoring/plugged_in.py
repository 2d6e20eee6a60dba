"""Scorers as installed packages might bring them: slow, crashing, noisy."""

import os
import time
from collections.abc import Mapping
from typing import Any

from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict


class Plugged(Scorer):
    """A scorer that runs apart."""

    label, help_text, place = "Plugged in", "", Place.APART


class Telling(Plugged):
    """Gives the number that the answer says."""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the number."""
        return Verdict(float(answer.text), label=str(question.expected))


class Noisy(Plugged):
    """Prints before it judges."""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1."""
        print("hello")
        return Verdict(1.0)


class Hanging(Plugged):
    """Takes its time when the answer says so."""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1, late or at once."""
        time.sleep(float(answer.text))
        return Verdict(1.0)


class Dying(Plugged):
    """Takes its process down when the answer says so."""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1, if it comes to it."""
        _ = answer.text == "die" and os._exit(3)
        return Verdict(1.0)


class Confused(Plugged):
    """Gives what the test gave it."""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return what is in the options."""
        return self.options["verdict"]  # type: ignore[no-any-return]


class Mirrored(Plugged):
    """Holds the answer, read backwards, against what is expected."""

    @classmethod
    def compares_answer(cls, options: Mapping[str, Any]) -> bool:
        """Return that it looks at the whole answer."""
        return True

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0."""
        return Verdict(float(answer.text[::-1] == question.expected))
