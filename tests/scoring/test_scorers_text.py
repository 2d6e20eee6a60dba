"""Scorers that compare texts: what counts as right, what as wrong, and what cannot be judged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.options import OptionError
from scoring.scorers.base import Verdict
from scoring.scorers.text import Contains, ExactMatch, Regex
from tests.scoring.judged import judged

GSM8K = {"extract": "^A: ?(.*)$", "ignore": [",", " "]}
CATASTROPHE = "(a|aa)+$"
LONG = "a" * 80 + "b"


@pytest.mark.parametrize(
    ("text", "expected", "options", "value"),
    [
        pytest.param("Paris", "Paris", {}, 1, id="equal"),
        pytest.param("paris", "Paris", {}, 0, id="case"),
        pytest.param("paris", "Paris", {"ignore_case": True}, 1, id="ignore-case"),
        pytest.param("STRASSE", "Straße", {"ignore_case": True}, 1, id="ignore-case-folds"),
        pytest.param("\n Paris \r\n", "Paris", {}, 1, id="white-space-at-the-ends"),
        pytest.param("Paris", " Paris\n", {}, 1, id="white-space-at-the-ends-of-the-expected"),
        pytest.param("New  York", "New York", {}, 0, id="white-space-within"),
        pytest.param("New\n York", "New York", {"ignore_whitespace": True}, 1, id="ignore-white-space"),
        pytest.param("NewYork", "New York", {"ignore_whitespace": True}, 0, id="no-white-space-is-another-text"),
        pytest.param("It's «Paris»!", "Its Paris", {"ignore_punctuation": True}, 1, id="ignore-punctuation"),
        pytest.param("Its Paris", "It's Paris.", {"ignore_punctuation": True}, 1, id="ignore-punctuation-both-sides"),
        pytest.param("1234", "1,234", {"ignore": [","]}, 1, id="ignore-both-sides"),
        pytest.param("1X234", "1234", {"ignore": "x", "ignore_case": True}, 1, id="ignore-without-case"),
        pytest.param("b", ["a", "b"], {}, 1, id="any-of-a-list"),
        pytest.param("c", ["a", "b"], {}, 0, id="none-of-a-list"),
        pytest.param("b", [None, "b"], {}, 1, id="gap-in-a-list"),
        pytest.param("42", 42, {}, 1, id="number"),
        pytest.param("42", 42.0, {}, 1, id="whole-float"),
        pytest.param("4.5", 4.5, {}, 1, id="float"),
        pytest.param("007", "007", {}, 1, id="leading-zeros"),
        pytest.param("7", "007", {}, 0, id="leading-zeros-count"),
        pytest.param("true", True, {}, 1, id="true"),
        pytest.param('{"a": "é"}', {"a": "é"}, {}, 1, id="object"),
    ],
)
def test_exact_match_compares_both_sides_in_the_same_form(
    text: str, expected: Any, options: dict[str, Any], value: float
) -> None:
    assert judged(ExactMatch, text, expected, **options) == Verdict(value)


@pytest.mark.parametrize(
    ("text", "value", "extracted"),
    [
        pytest.param("so 1 + 1\nA: 1, 234", 1, "1, 234", id="line"),
        pytest.param("A: 7\nno, wrong\nA: 1234", 1, "1234", id="the-last-one"),
        pytest.param("A: 1234\r\nbye", 1, "1234\r", id="crlf"),
        pytest.param("A: 7", 0, "7", id="wrong"),
        pytest.param("A:1234", 1, "1234", id="no-space"),
    ],
)
def test_exact_match_compares_what_the_last_match_took(text: str, value: float, extracted: str) -> None:
    assert judged(ExactMatch, text, "1234", **GSM8K) == Verdict(value, extracted=extracted)


@pytest.mark.parametrize(
    ("pattern", "text", "extracted"),
    [
        pytest.param(r"\d+", "1 and 22", "22", id="whole-match"),
        pytest.param(r"(\d+) of (\d+)", "3 of 4", "3", id="group-1"),
        pytest.param(r"(?:is|are) \w+", "it is late", "is late", id="no-group"),
        pytest.param(r"is (?P<what>\w+)", "it is late", "late", id="named-group"),
    ],
)
def test_exact_match_takes_group_1_else_the_whole_match(pattern: str, text: str, extracted: str) -> None:
    assert judged(ExactMatch, text, extracted, extract=pattern) == Verdict(1, extracted=extracted)


@pytest.mark.parametrize(
    ("text", "extracted"),
    [
        pytest.param("I do not know.", None, id="no-match"),
        pytest.param("", None, id="no-text"),
        pytest.param("A: ", "", id="nothing-in-the-group"),
    ],
)
def test_exact_match_without_an_answer_in_the_asked_form_is_0(text: str, extracted: str | None) -> None:
    assert judged(ExactMatch, text, "18", **GSM8K) == Verdict(0, "no answer", extracted)


@pytest.mark.parametrize("text", ["", " \n"])
def test_exact_match_of_no_text_is_0(text: str) -> None:
    assert judged(ExactMatch, text, "18") == Verdict(0, "no answer")


@pytest.mark.parametrize("expected", [None, "", " ", [], [None, ""]])
@pytest.mark.parametrize("text", ["", "18"])
def test_exact_match_without_an_expected_value_is_none(text: str, expected: Any) -> None:
    assert judged(ExactMatch, text, expected) == Verdict(None, "no expected answer")


def test_exact_match_with_a_catastrophic_pattern_is_none_and_says_why() -> None:
    verdict = judged(ExactMatch, LONG, "b", extract=CATASTROPHE)

    assert (verdict.value, verdict.label) == (None, "took too long")
    assert "100 ms" in verdict.explanation


@given(st.text(min_size=1).filter(str.strip))
def test_exact_match_of_any_text_with_itself_is_1(text: str) -> None:
    assert judged(ExactMatch, text, text).value == 1


@given(st.text(), st.text(min_size=1))
def test_contains_and_exact_match_of_any_texts_agree(text: str, expected: str) -> None:
    exact, contains = judged(ExactMatch, text, expected), judged(Contains, text, expected.strip())

    assert (exact.value, contains.value) != (1, 0)


@pytest.mark.parametrize(
    ("text", "expected", "options", "value"),
    [
        pytest.param("It is Paris.", "Paris", {}, 1, id="there"),
        pytest.param("It is Lyon.", "Paris", {}, 0, id="not-there"),
        pytest.param("it is PARIS", "Paris", {"ignore_case": True}, 1, id="ignore-case"),
        pytest.param("1,234 in all", "1234", {"ignore": ","}, 1, id="ignore"),
        pytest.param("Lima", ["Paris", "Lima"], {}, 1, id="any-expected"),
        pytest.param("Lima", "Paris", {"value": "Lima"}, 1, id="value-before-expected"),
        pytest.param("Lima", None, {"value": ["Lima"]}, 1, id="value-without-expected"),
        pytest.param("a b", None, {"value": ["a", "b"], "mode": "all"}, 1, id="all"),
        pytest.param("a", None, {"value": ["a", "b"], "mode": "all"}, 0, id="not-all"),
        pytest.param("a", None, {"value": ["a", "b"]}, 1, id="any"),
        pytest.param("know", None, {"value": " no "}, 0, id="spaces-of-the-value-count"),
        pytest.param("I will not", None, {"value": "sorry", "negate": True}, 1, id="negated"),
        pytest.param("sorry", None, {"value": "sorry", "negate": True}, 0, id="negated-there"),
    ],
)
def test_contains_looks_for_the_values(text: str, expected: Any, options: dict[str, Any], value: float) -> None:
    assert judged(Contains, text, expected, **options) == Verdict(value)


@pytest.mark.parametrize("negate", [True, False])
def test_contains_of_no_text_is_0_negated_or_not(negate: bool) -> None:
    assert judged(Contains, " ", "Paris", negate=negate) == Verdict(0, "no answer")


@pytest.mark.parametrize(
    ("expected", "options"),
    [(None, {}), ([], {}), ("...", {"ignore_punctuation": True}), (None, {"value": ","} | {"ignore": ","})],
)
def test_contains_without_anything_to_look_for_is_none(expected: Any, options: dict[str, Any]) -> None:
    assert judged(Contains, "Paris", expected, **options) == Verdict(None, "no expected answer")


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        pytest.param("see Eiffel", {"pattern": "eiffel"}, 0, id="case"),
        pytest.param("see Eiffel", {"pattern": "eiffel", "ignore_case": True}, 1, id="ignore-case"),
        pytest.param("one\ntwo\n", {"pattern": "^two$"}, 1, id="every-line"),
        pytest.param("sorry", {"pattern": "sorry", "negate": True}, 0, id="negated-there"),
        pytest.param("fine", {"pattern": "sorry", "negate": True}, 1, id="negated"),
        pytest.param("x  y", {"pattern": "x  y"}, 1, id="spaces-count"),
    ],
)
def test_regex_looks_for_the_pattern(text: str, options: dict[str, Any], value: float) -> None:
    assert judged(Regex, text, **options) == Verdict(value)


@pytest.mark.parametrize("negate", [True, False])
def test_regex_of_no_text_is_0_negated_or_not(negate: bool) -> None:
    assert judged(Regex, "", pattern=".*", negate=negate) == Verdict(0, "no answer")


@pytest.mark.parametrize("negate", [True, False])
def test_regex_with_a_catastrophic_pattern_is_none(negate: bool) -> None:
    assert judged(Regex, LONG, pattern=CATASTROPHE, negate=negate).label == "took too long"


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("(", id="open"),
        pytest.param("*a", id="nothing-to-repeat"),
        pytest.param("(" * 1500, id="nested"),
        pytest.param("a" * 2001, id="long"),
        pytest.param("(?:(?:a{1000}){1000}){1000}", id="bomb"),
        pytest.param(7, id="number"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [(Regex, "pattern"), (ExactMatch, "extract")])
def test_pattern_that_is_none_is_refused_by_name(kind: type[Regex] | type[ExactMatch], name: str, pattern: Any) -> None:
    with pytest.raises(OptionError) as refused:
        kind.Options.parse({name: pattern})

    assert list(refused.value.errors) == [name]


def test_regex_without_a_pattern_is_refused() -> None:
    with pytest.raises(OptionError, match="pattern: This field is required"):
        Regex.Options.parse({})


@pytest.mark.parametrize("pattern", [r"\d{4}-\d{2}-\d{2}", r"a{0,5000}", r"x{0}{2}"[:4]])
def test_pattern_with_ordinary_counts_is_taken(pattern: str) -> None:
    assert Regex.Options.parse({"pattern": pattern})["pattern"] == pattern
