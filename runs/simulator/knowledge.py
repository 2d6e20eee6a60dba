"""What simulated models know: questions with a right answer and plausible wrong ones; and sums."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

SUM = re.compile(r"(-?\d{1,18})\s*\+\s*(-?\d{1,18})\s*=\s*\?")
SLIPS = (1, -1, 10, -10, 2)
ECHO_LENGTH = 64
PROMPTS_REMEMBERED = 8192
PHRASES = (
    "Thinking it through step by step, it comes to {answer}.",
    "The answer is {answer}.",
    "From what is asked, I conclude that it is {answer}.",
    "It should be {answer}.",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A question, its right answer and what one might take for it."""

    question: str
    answer: str
    wrong: tuple[str, ...]
    """At least one."""

    def text(self, *, is_right: bool, choice: float) -> str:
        """Return a reply that ends with a line "A: <answer>"; `choice` in [0, 1) picks words and mistake."""
        answer = self.answer if is_right else _picked(self.wrong, choice)
        phrase = _picked(PHRASES, choice * len(self.wrong) % 1)
        return f"{phrase.format(answer=answer)}\nA: {answer}"


class Knowledge:
    """All facts that the models of a simulator know."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        by_length = sorted(facts, key=lambda fact: len(fact.question), reverse=True)
        self._facts = {fact.question: fact for fact in by_length}
        self.fact_in = lru_cache(PROMPTS_REMEMBERED)(self._look_for)
        """Prompt to the fact that it asks for, the longest question first; None: none of them."""

    def __len__(self) -> int:
        """Return how many facts there are."""
        return len(self._facts)

    def reply(self, prompt: str, *, is_right: bool, choice: float) -> str:
        """Return what a model says: on a known question a sentence and "A: ...", on a sum the number, else an echo."""
        fact = self.fact_in(prompt)
        if fact is not None:
            return fact.text(is_right=is_right, choice=choice)
        found = SUM.search(prompt)
        if found is None:
            return f"You said: {prompt[:ECHO_LENGTH]}"
        total = int(found.group(1)) + int(found.group(2))
        return str(total if is_right else total + _picked(SLIPS, choice))

    def _look_for(self, prompt: str) -> Fact | None:
        known = self._facts.get(prompt)
        if known is not None:
            return known
        return next((fact for question, fact in self._facts.items() if question in prompt), None)


def _picked(among: tuple[T, ...], choice: float) -> T:
    return among[int(choice * len(among))]
