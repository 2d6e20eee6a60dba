"""Numbers as people and models write them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.options import OptionError
from scoring.scorers.base import Verdict
from scoring.scorers.extraction import TookTooLong
from scoring.scorers.numbers import NumericMatch
from scoring.scorers.written_numbers import last_number, number_alone
from tests.scoring.judged import judged


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234", "1.234"),
        ("1,234", "1234"),
        ("1,5", "1.5"),
        ("0,123", "0.123"),
        ("1234,567", "1234.567"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1.234.567,89", "1234567.89"),
        ("12,34,567", "1234567"),
        ("1'234.5", "1234.5"),
        ("1\u202f234,5", "1234.5"),
        ("½", "0.5"),
        ("−2½", "-2.5"),
        ("3/4", "0.75"),
        ("50%", "50"),
        ("50 %", "50"),
        ("$18", "18"),
        ("18 €", "18"),
        ("18 EUR", "18"),
        ("-$5", "-5"),
        ("$−5", "-5"),
        ("−5", "-5"),
        ("–5", "-5"),
        ("+7", "7"),
        ("1e3", "1000"),
        ("1E−3", "0.001"),
        ("2 × 10^3", "2000"),
        ("2*10^{-3}", "0.002"),
        (".5", "0.5"),
        ("5.", "5"),
        ("٣", "3"),
        ("007", "7"),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_number_alone_reads_what_is_written(text: str, value: str) -> None:
    found = number_alone(f" {text}\n")

    assert found is not None
    assert found.value == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", "twelve", "NaN", "inf", "-", "%", "1/0", "1e999999999", "1e" + "9" * 5000, "5 apples", "3, 4", "1.2.3", "1-2"],
)
def test_number_alone_of_anything_else_is_none(text: str) -> None:
    assert number_alone(text) is None


@pytest.mark.parametrize(
    ("text", "value", "written"),
    [
        pytest.param("First 3, then 4.", "4", "4", id="full-stop"),
        pytest.param("It costs $1,234.50 now", "1234.50", "$1,234.50", id="currency"),
        pytest.param("5-3", "3", "3", id="minus-between-numbers"),
        pytest.param("x = -3", "-3", "-3", id="sign"),
        pytest.param("5kg", "5", "5", id="unit"),
        pytest.param("9, says GPT4", "9", "9", id="within-a-word"),
        pytest.param("3,4,5", "5", "5", id="list"),
        pytest.param("1.2.3", "3", "3", id="version"),
        pytest.param("on 10/12/2024", "2024", "2024", id="date"),
        pytest.param("7 or 1/0", "7", "7", id="one-that-is-none-behind"),
        pytest.param("42" + " and so on" * 5000, "42", "42", id="far-from-the-end"),
        pytest.param("42 " + "and so on " * 20, "42", "42", id="before-the-first-window"),
    ],
)
def test_last_number_of_a_text_is_found(text: str, value: str, written: str) -> None:
    found = last_number(text)

    assert found is not None
    assert (found.value, found.text) == (Decimal(value), written)


@pytest.mark.parametrize("text", ["", "twelve", "-" * 10**6, "GPT4"])
def test_last_number_of_a_text_without_one_is_none(text: str) -> None:
    assert last_number(text) is None


def test_last_number_of_a_monstrous_text_takes_too_long() -> None:
    with pytest.raises(TookTooLong):
        last_number("1/0 " + "-" * 10**7)


@given(st.decimals(-(10**9), 10**9, places=3))
def test_last_number_of_any_number_in_english_style_is_read_back(number: Decimal) -> None:
    found = last_number(f"The answer is {number:,}, they say.")

    assert found is not None
    assert found.value == number


@given(st.decimals(-(10**9), 10**9, places=2))
def test_number_alone_of_any_number_in_german_style_is_read_back(number: Decimal) -> None:
    written = f"{number:,}".translate(str.maketrans(",.", ".,"))

    found = number_alone(written)

    assert found is not None
    assert found.value == number


@given(st.text(alphabet="0123456789.,'-−+eE/%$½ x^*{}", max_size=40))
def test_last_number_of_any_signs_never_fails(text: str) -> None:
    found = last_number(text)

    assert found is None or found.value.is_finite()


@pytest.mark.parametrize(
    ("text", "expected", "options", "value", "extracted"),
    [
        pytest.param("It is 1,234.50.", 1234.5, {}, 1, "1,234.50", id="number"),
        pytest.param("72", "72", {}, 1, "72", id="text"),
        pytest.param("71", "72", {}, 0, "71", id="wrong"),
        pytest.param("0.1 + 0.2 = 0.3", 0.3, {}, 1, "0.3", id="decimal-and-not-binary"),
        pytest.param("12345678901234567891", "12345678901234567890", {}, 0, "12345678901234567891", id="long"),
        pytest.param("3.14", 3.14159, {}, 0, "3.14", id="no-tolerance"),
        pytest.param("3.14", 3.14159, {"tolerance": 0.01}, 1, "3.14", id="absolute"),
        pytest.param("0.3", 0.2, {"tolerance": 0.1}, 1, "0.3", id="absolute-end-belongs"),
        pytest.param("99", 100, {"relative_tolerance": 0.01}, 1, "99", id="relative"),
        pytest.param("-99", -100, {"relative_tolerance": "0.01"}, 1, "-99", id="relative-negative"),
        pytest.param("98", 100, {"relative_tolerance": 0.01, "tolerance": 1}, 0, "98", id="outside-both"),
        pytest.param("50%", 0.5, {}, 1, "50%", id="percent-of-a-share"),
        pytest.param("50%", 50, {}, 1, "50%", id="percent-of-a-number"),
        pytest.param("0.5", "50%", {}, 1, "0.5", id="share-of-a-percent"),
        pytest.param("0.5%", "50%", {}, 0, "0.5%", id="percent-on-both-sides"),
        pytest.param("7", [6, "seven", "7"], {}, 1, "7", id="any-of-a-list"),
        pytest.param("A: $18 a day, for 7 days", 18, {"extract": r"A: (\S+)"}, 1, "$18", id="extract"),
    ],
)
def test_numeric_match_compares_the_last_number(
    text: str, expected: Any, options: dict[str, Any], value: float, extracted: str
) -> None:
    assert judged(NumericMatch, text, expected, **options) == Verdict(value, extracted=extracted)


@pytest.mark.parametrize(
    ("text", "options"),
    [("twelve", {}), ("", {}), ("7", {"extract": r"A: (\S+)"}), ("A: seven, 7", {"extract": r"A: (\S+)"})],
)
def test_numeric_match_without_a_number_in_the_asked_form_is_0(text: str, options: dict[str, Any]) -> None:
    assert judged(NumericMatch, text, 7, **options) == Verdict(0, "no answer")


@pytest.mark.parametrize("expected", [None, "", []])
def test_numeric_match_without_an_expected_value_is_none(expected: Any) -> None:
    assert judged(NumericMatch, "7", expected) == Verdict(None, "no expected answer")


@pytest.mark.parametrize("expected", ["twelve", True, {"a": 1}, ["a", "b"]])
def test_numeric_match_with_an_expected_value_that_is_no_number_is_none(expected: Any) -> None:
    assert judged(NumericMatch, "12", expected) == Verdict(None, "expected is not a number")


def test_numeric_match_with_a_catastrophic_pattern_is_none() -> None:
    assert judged(NumericMatch, "a" * 80 + "b", 1, extract="(a|aa)+$").label == "took too long"


@pytest.mark.parametrize("name", ["tolerance", "relative_tolerance"])
@pytest.mark.parametrize("bad", [-1, "-0.1", "ten", True, float("nan"), float("inf"), "1e400", [1]])
def test_numeric_match_with_a_tolerance_that_is_none_is_refused(name: str, bad: Any) -> None:
    with pytest.raises(OptionError, match=f"^{name}: "):
        NumericMatch.Options.parse({name: bad})
