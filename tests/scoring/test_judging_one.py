"""Judging: whatever a scorer does, what comes back can be stored, and its crash is never a wrong answer."""

import math

import pytest

from scoring.judging.one import Judgement, judged
from scoring.scorers.base import Verdict
from tests.scoring.judged import answer, question
from tests.scoring.plugged_in import Confused, Telling


def verdict_on(given: object) -> Verdict:
    """Return what is stored of a scorer that gave this."""
    return judged(Judgement(Confused({"verdict": given}), question(), answer("4")))


def test_judged_passes_a_verdict_on() -> None:
    given = Verdict(0.5, "half", "4", "nearly")

    assert verdict_on(given) == given


def test_judged_makes_a_crash_the_scores_error() -> None:
    verdict = judged(Judgement(Telling({}), question(), answer("four")))

    assert verdict.value is None
    assert verdict.error.startswith("ValueError: could not convert")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_judged_takes_no_value_that_is_no_finite_number(value: float) -> None:
    verdict = verdict_on(Verdict(value))

    assert verdict.value is None
    assert "no number that can be averaged" in verdict.error


@pytest.mark.parametrize("given", [None, 1.0, Verdict("much")])  # type: ignore[arg-type]
def test_judged_makes_what_is_no_verdict_an_error(given: object) -> None:
    verdict = verdict_on(given)

    assert verdict.value is None
    assert verdict.error


def test_judged_gives_a_verdict_with_an_error_no_value() -> None:
    assert verdict_on(Verdict(1.0, error="half-way it broke")) == Verdict(None, error="half-way it broke")


def test_judged_gives_text_that_databases_take() -> None:
    verdict = verdict_on(Verdict(1.0, "x" * 300, "a\x00b", "c\ud800d"))

    assert (len(verdict.label), "\x00" in str(verdict.extracted)) == (100, False)
    assert verdict.explanation.encode()
