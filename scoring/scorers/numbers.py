"""The scorer that compares numbers, however they are written."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

from django import forms

from experiments.options import NumberField, Options
from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict
from scoring.scorers.expected import accepted_texts
from scoring.scorers.extraction import Extraction, PatternField, TookTooLong
from scoring.scorers.verdicts import NO_ANSWER, NO_EXPECTED, right_or_wrong
from scoring.scorers.written_numbers import PRECISION, WrittenNumber, last_number, number_alone

EXTRACT_HELP = "A pattern for where the number stands: its last match, group 1 if it has one. Empty: anywhere."


class NumericMatch(Scorer):
    """1 when the last number of the answer equals an accepted one within the tolerances, else 0."""

    label = "Numeric match"
    help_text = "The last number of the answer equals an expected one, within a tolerance."
    place = Place.THREAD
    examples = (
        Example("3 boxes of 14 make 42 in all.", expected=42),
        Example("About $1,234.50", {"relative_tolerance": 0.01}, expected="1230"),
        Example("No idea.", expected=7),
    )

    class Options(Options):
        """Options of numeric_match."""

        tolerance = NumberField(
            required=False, initial=0.0, min_value=0, help_text="Absolute difference that still counts as equal."
        )
        relative_tolerance = NumberField(
            required=False, initial=0.0, min_value=0, help_text="The same as a share of the expected value, like 0.01."
        )
        extract = PatternField(required=False, initial="", help_text=EXTRACT_HELP, widget=forms.TextInput)

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        self._extraction = Extraction(options["extract"]) if options["extract"] else None
        self._tolerance = Decimal(repr(options["tolerance"]))
        self._relative_tolerance = Decimal(repr(options["relative_tolerance"]))

    @classmethod
    def compares_answer(cls, options: Mapping[str, Any]) -> bool:
        """Return whether the number may stand anywhere in the answer."""
        return not options["extract"]

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return 1 or 0; None where the expected value is absent or no number, and when the pattern took too long."""
        texts = accepted_texts(question.expected)
        if not texts:
            return NO_EXPECTED
        accepted = [number for text in texts if (number := number_alone(text))]
        if not accepted:
            return Verdict(None, "expected is not a number")
        try:
            found = self._extraction(answer.text) if self._extraction else answer.text
        except TookTooLong as late:
            return late.verdict
        given = last_number(found) if found else None
        if given is None:
            return NO_ANSWER
        return right_or_wrong(any(self._is_near(given, number) for number in accepted), given.text)

    def _is_near(self, given: WrittenNumber, expected: WrittenNumber) -> bool:
        """Return whether the two are equal. A per cent sign on one side only: 50% is then 50 or 0.5."""
        with localcontext(PRECISION):
            readings = [given.value]
            if given.is_percentage and not expected.is_percentage:
                readings.append(given.value / 100)
            if expected.is_percentage and not given.is_percentage:
                readings.append(given.value * 100)
            allowed = max(self._tolerance, self._relative_tolerance * abs(expected.value))
            return any(abs(reading - expected.value) <= allowed for reading in readings)
