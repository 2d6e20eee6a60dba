"""The scorer that is people: they rate on the page or by the API."""

import math
from collections.abc import Mapping
from typing import Any

from django import forms

from experiments.options import Options, RangeField, TextField
from scoring.scorers.base import Answer, Place, Question, Scorer, Verdict


class LabelsField(forms.JSONField):
    """Words for values of a scale: {"1": "useless", "5": "perfect"}."""

    def to_python(self, value: Any) -> Any:
        """Return the words by value. Raises ValidationError for anything but finite numbers with texts."""
        labels = super().to_python(value) or {}
        try:
            return {_numeral(number): _word(text) for number, text in labels.items()}
        except (TypeError, ValueError, AttributeError):
            raise forms.ValidationError('Write numbers with words, like {"1": "useless", "5": "perfect"}.') from None


def _numeral(number: Any) -> str:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("not finite")
    return f"{value:g}"


def _word(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError("not a text")
    return text


class Person(Scorer):
    """A value that a person gives."""

    label = "People"
    help_text = "People rate the answers; the column is empty until they do."
    place = Place.NOWHERE
    default_weight = 0.0

    class Options(Options):
        """Options of person."""

        scale = RangeField(required=False, initial=[0.0, 1.0], help_text="Lowest and highest value, like [1, 5].")
        labels = LabelsField(required=False, initial={}, help_text='Words for values: {"1": "useless", "5": "good"}.')
        instructions = TextField(
            required=False, initial="", widget=forms.Textarea, help_text="What the raters are asked."
        )

        def clean(self) -> dict[str, Any]:
            """Return the options; a label beside the scale is an error of `labels`."""
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
            low, high = cleaned.get("scale") or (-math.inf, math.inf)
            beside = [number for number in cleaned.get("labels", {}) if not low <= float(number) <= high]
            if beside:
                self.add_error("labels", f"{', '.join(beside)}: not on the scale from {low:g} to {high:g}.")
            return cleaned

    @classmethod
    def range_of(cls, options: Mapping[str, Any]) -> tuple[float, float]:
        """Return the scale that people rate on."""
        low, high = options["scale"]
        return low, high

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return that nobody has rated it: the engine never asks, since this scorer's place is nowhere."""
        del question, answer
        return Verdict(None, "not rated")
