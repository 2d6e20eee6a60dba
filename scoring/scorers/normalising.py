"""Bringing both sides of a comparison to the same form."""

from collections.abc import Mapping
from typing import Any

import regex

from experiments.options import FlagField, Options, TextListField

PUNCTUATION = regex.compile(r"[\p{P}$+<=>^`|~]+")
WHITE_SPACE = regex.compile(r"\s+")


class NormalisingOptions(Options):
    """What a comparison of texts leaves out, on both sides."""

    ignore = TextListField(required=False, initial=[], help_text='Texts left out on both sides, like [",", " "].')
    ignore_case = FlagField(help_text="Capital and small letters are the same.")
    ignore_punctuation = FlagField(help_text="Punctuation marks are left out on both sides.")
    ignore_whitespace = FlagField(help_text="Runs of white space are the same as one space.")


class Normaliser:
    """Brings texts to the form in which they are compared."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take options that `NormalisingOptions` has cleaned."""
        self._ignores_case: bool = options["ignore_case"]
        self._ignored = [self._cased(text) for text in options["ignore"]]
        self._ignores_punctuation: bool = options["ignore_punctuation"]
        self._ignores_whitespace: bool = options["ignore_whitespace"]

    def __call__(self, text: str) -> str:
        """Return the text in that form."""
        text = self._cased(text)
        for ignored in self._ignored:
            text = text.replace(ignored, "")
        if self._ignores_punctuation:
            text = PUNCTUATION.sub("", text)
        if self._ignores_whitespace:
            text = WHITE_SPACE.sub(" ", text)
        return text

    def _cased(self, text: str) -> str:
        return text.casefold() if self._ignores_case else text
