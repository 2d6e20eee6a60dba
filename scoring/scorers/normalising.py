"""Bringing both sides of a comparison to the same form."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import regex

from experiments.options import FlagField, Options, TextListField

PUNCTUATION = regex.compile(r"[\p{P}$+<=>^`|~]+")
WHITE_SPACE = regex.compile(r"\s+")


class NormalisingOptions(Options):
    """What a comparison of texts leaves out, on both sides."""

    ignore = TextListField(required=False, initial=[], help_text="Texts left out on both sides, like a comma or EUR.")
    ignore_case = FlagField(help_text="Capital and small letters are the same.")
    ignore_punctuation = FlagField(help_text="Punctuation marks are left out on both sides.")
    ignore_whitespace = FlagField(help_text="Runs of white space are the same as one space.")


class Normaliser:
    """Brings texts to the form in which they are compared."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take options that `NormalisingOptions` has cleaned."""
        self._steps: list[Callable[[str], str]] = []
        ignored: list[str] = options["ignore"]
        if options["ignore_case"]:
            self._steps.append(str.casefold)
            ignored = [text.casefold() for text in ignored]
        self._steps += [partial(_without, text) for text in ignored]
        if options["ignore_punctuation"]:
            self._steps.append(partial(PUNCTUATION.sub, ""))
        if options["ignore_whitespace"]:
            self._steps.append(partial(WHITE_SPACE.sub, " "))

    def __call__(self, text: str) -> str:
        """Return the text in that form."""
        for step in self._steps:
            text = step(text)
        return text


def _without(ignored: str, text: str) -> str:
    return text.replace(ignored, "")
