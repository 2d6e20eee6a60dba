"""Patterns of users: taking from an answer what is to be judged, within 100 ms (docs/concepts.md).

The `regex` package has Python's syntax and a timeout; `re` cannot be interrupted, and one catastrophic pattern would
stop every run of a worker. It lets other threads go on while it matches.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import regex
from django import forms

from experiments.options import TextField
from scoring.scorers.base import Verdict

TIMEOUT_S = 0.1
IN_PASSING_S = 0.002
LONGEST_PATTERN = 2000
MOST_REPEATS = 10_000
"""Nested counts are unrolled when a pattern is compiled; `(?:a{1000}){1000}` alone takes a second."""
COUNT = regex.compile(r"\{(\d+)")


class Passing:
    """A judgement in passing, and whether a pattern needed more time than it has there."""

    __slots__ = ("was_cut",)

    def __init__(self) -> None:
        self.was_cut = False


_passing: ContextVar[Passing | None] = ContextVar("passing", default=None)


@contextmanager
def in_passing() -> Iterator[Passing]:
    """Let patterns take 2 ms only, and no other thread go on meanwhile: to let it costs more than most matches."""
    passing = Passing()
    token = _passing.set(passing)
    try:
        yield passing
    finally:
        _passing.reset(token)


def time_allowed() -> dict[str, Any]:
    """Return, as arguments of `regex`, how long a pattern may take here."""
    return {"timeout": TIMEOUT_S} if _passing.get() is None else {"timeout": IN_PASSING_S, "concurrent": False}


class TookTooLong(Exception):
    """A pattern that needed more than 100 ms on one answer."""

    def __init__(self) -> None:
        if (passing := _passing.get()) is not None:
            passing.was_cut = True
        super().__init__(f"the pattern needed more than {TIMEOUT_S * 1000:.0f} ms")

    @property
    def verdict(self) -> Verdict:
        """That the answer cannot be judged, and why."""
        return Verdict(None, "took too long", explanation=f"{self}.")


def compiled(pattern: str, *, ignore_case: bool = False) -> "regex.Pattern[str]":
    """Return the pattern ready to use; ^ and $ match at every line. Raises ValueError saying what is wrong with it."""
    counts = [int(count) for count in COUNT.findall(pattern) if int(count)]
    if len(pattern) > LONGEST_PATTERN or math.prod(counts) > MOST_REPEATS:
        raise ValueError(f"it is longer than {LONGEST_PATTERN} characters or repeats too often")
    try:
        return regex.compile(pattern, regex.MULTILINE | (regex.IGNORECASE if ignore_case else 0))
    except (regex.error, RecursionError, OverflowError) as error:
        raise ValueError(str(error)) from error


class PatternField(TextField):
    """A regular expression in Python's syntax."""

    def clean(self, value: Any) -> str:
        """Return the pattern. Raises ValidationError for what is none."""
        pattern: str = super().clean(value)
        try:
            compiled(pattern)
        except ValueError as error:
            raise forms.ValidationError(f"Not a regular expression: {error}.") from None
        return pattern


class Extraction:
    """Takes the last match of a pattern from a text: its group 1 if it has one, else all of it."""

    def __init__(self, pattern: str, *, ignore_case: bool = False) -> None:
        """Take a pattern that `PatternField` has cleaned."""
        self._pattern = compiled(pattern, ignore_case=ignore_case)
        self._group = 1 if self._pattern.groups else 0

    def __call__(self, text: str) -> str | None:
        """Return what was taken; None: no match. A group that took no part is "". Raises TookTooLong."""
        last = None
        try:
            for last in self._pattern.finditer(text, **time_allowed()):  # noqa: B007 - the last one counts
                pass
        except TimeoutError:
            raise TookTooLong from None
        return None if last is None else last[self._group] or ""

    def is_in(self, text: str) -> bool:
        """Return whether the pattern matches anywhere. Raises TookTooLong."""
        try:
            return self._pattern.search(text, **time_allowed()) is not None
        except TimeoutError:
            raise TookTooLong from None
