"""Scorers that compare texts: exact match, contains, regular expression."""

from collections.abc import Mapping
from typing import Any

from experiments.options import ChoiceField, FlagField, Options, TextListField
from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict
from scoring.scorers.expected import accepted_texts
from scoring.scorers.extraction import Extraction, PatternField, TookTooLong
from scoring.scorers.normalising import Normaliser, NormalisingOptions
from scoring.scorers.verdicts import NO_ANSWER, NO_EXPECTED, right_or_wrong

EXTRACT_HELP = "A pattern for what to compare: its last match, group 1 if it has one. Empty: the whole answer."


class ExactMatch(Scorer):
    """1 when the answer, or what a pattern takes from it, equals an accepted value, else 0."""

    label = "Exact match"
    help_text = "The answer, or what a pattern takes from it, equals an expected value."
    place = Place.THREAD
    examples = (
        Example("paris ", {"ignore_case": True}, expected="Paris"),
        Example("It is blue.\nAnswer: B", {"extract": "Answer: ([A-D])"}, expected="B"),
        Example("The answer is Paris.", expected=["Paris", "City of Paris"]),
    )

    class Options(NormalisingOptions):
        """Options of exact_match."""

        extract = PatternField(required=False, initial="", help_text=EXTRACT_HELP)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._extraction = Extraction(options["extract"]) if options["extract"] else None
        self._normalised = Normaliser(options)

    @classmethod
    def compares_answer(cls, options: Mapping[str, Any]) -> bool:
        """Return whether no pattern takes a part of the answer."""
        return not options["extract"]

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0; None without an expected value, and when the pattern took too long."""
        accepted = accepted_texts(question.expected)
        if not accepted:
            return NO_EXPECTED
        try:
            found = self._extraction(answer.text) if self._extraction else None
        except TookTooLong as late:
            return late.verdict
        if self._extraction and found is None:
            return NO_ANSWER
        given = self._compared(answer.text if found is None else found)
        if not given:
            return Verdict(0.0, NO_ANSWER.label, found)
        return right_or_wrong(given in map(self._compared, accepted), found)

    def _compared(self, text: str) -> str:
        """Return the text as it is compared: white space at its ends never counts."""
        return self._normalised(text).strip()


class Contains(Scorer):
    """1 when the answer contains a value, else 0."""

    label = "Contains"
    help_text = "The answer contains a text, or an expected value."
    place = Place.INLINE
    examples = (
        Example("The capital is Paris.", expected="Paris"),
        Example("Refunds take 14 days.", {"value": ["refund", "14 days"], "mode": "all", "ignore_case": True}),
        Example("As an AI model I cannot say.", {"value": ["As an AI"], "negate": True}),
    )

    class Options(NormalisingOptions):
        """Options of contains."""

        value = TextListField(required=False, initial=[], help_text="What to look for; empty: the expected values.")
        mode = ChoiceField(
            choices=[("any", "any of them"), ("all", "all of them")], initial="any", help_text="How many must be there."
        )
        negate = FlagField(help_text="Right when the answer does not contain it.")

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._normalised = Normaliser(options)
        self._enough = all if options["mode"] == "all" else any

    @classmethod
    def compares_answer(cls, options: Mapping[str, Any]) -> bool:
        """Return whether the expected values are looked for, not texts of its own."""
        return not options["value"]

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0; None where there is nothing to look for. No text is never right, negated or not."""
        wanted = [text for value in self._values(question) if (text := self._normalised(value))]
        if not wanted:
            return NO_EXPECTED
        given = self._normalised(answer.text)
        if not given.strip():
            return NO_ANSWER
        is_there = self._enough(text in given for text in wanted)
        return right_or_wrong(is_there != self.options["negate"])

    def _values(self, question: Question) -> list[str]:
        return self.options["value"] or accepted_texts(question.expected)


class Regex(Scorer):
    """1 when a pattern matches the answer, else 0."""

    label = "Regular expression"
    help_text = "A pattern matches somewhere in the answer."
    place = Place.THREAD
    examples = (
        Example("Your ticket is AB-1234.", {"pattern": r"\b[A-Z]{2}-\d{4}\b"}),
        Example("Your ticket is on its way.", {"pattern": r"\b[A-Z]{2}-\d{4}\b"}),
    )

    class Options(Options):
        """Options of regex."""

        pattern = PatternField(help_text="In Python's syntax; ^ and $ match at every line.")
        ignore_case = FlagField(help_text="Capital and small letters are the same.")
        negate = FlagField(help_text="Right when it does not match.")

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._extraction = Extraction(options["pattern"], ignore_case=options["ignore_case"])

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0; None when the pattern took too long. No text is never right, negated or not."""
        del question  # the pattern alone decides
        if not answer.text.strip():
            return NO_ANSWER
        try:
            is_there = self._extraction.is_in(answer.text)
        except TookTooLong as late:
            return late.verdict
        return right_or_wrong(is_there != self.options["negate"])
