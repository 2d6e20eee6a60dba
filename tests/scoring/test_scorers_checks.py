"""The scorer of the item's own checks."""

from typing import Any

import pytest

from scoring.scorers.base import Question, Verdict
from scoring.scorers.checks import Checks
from tests.scoring.judged import answer, made

PARIS = {"kind": "contains", "value": "Paris"}
IRON = {"kind": "regex", "value": "wrought[- ]iron", "weight": 2}


def verdict_on(text: str, *checks: Any, expected: Any = None, stored: Any = None) -> Verdict:
    """Return what the scorer says of a text for an item with these checks."""
    metadata = {"checks": list(checks) if stored is None else stored}
    return made(Checks).score(Question("a1", "Where?", expected, metadata, ()), answer(text))


@pytest.mark.parametrize(
    ("text", "value", "label", "explanation"),
    [
        ("Paris, of wrought iron", 1.0, "2 of 2 pass", ""),
        ("in Paris", 1 / 3, "1 of 2 pass", "failed: regex wrought[- ]iron"),
        ("wrought-iron", 2 / 3, "1 of 2 pass", "failed: contains Paris"),
        ("Rome", 0.0, "0 of 2 pass", "failed: contains Paris; regex wrought[- ]iron"),
        (" ", 0.0, "no answer", ""),
    ],
)
def test_checks_give_the_weighted_share_that_passes(text: str, value: float, label: str, explanation: str) -> None:
    verdict = verdict_on(text, PARIS, IRON)

    assert (verdict.value, verdict.label, verdict.explanation) == (pytest.approx(value), label, explanation)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        ({"kind": "contains", "value": ["Paris", "Lyon"], "mode": "all"}, "Lyon, Paris", "Paris"),
        ({"kind": "contains", "value": 42}, "it is 42", "it is 24"),
        ({"kind": "contains", "value": "sorry", "negate": True}, "yes", "sorry, no"),
        ({"kind": "regex", "value": "paris", "ignore_case": True}, "PARIS", "Rome"),
        ({"kind": "regex", "value": 12}, "x12", "x21"),
        ({"kind": "exact_match", "value": ["Paris", "paris"]}, "paris", "Paris."),
        ({"kind": "exact_match", "value": "Paris", "extract": "^A: (.*)$"}, "so\nA: Paris", "so\nParis"),
        ({"kind": "numeric_match", "value": 330, "tolerance": 5}, "about 328 m", "about 300 m"),
        ({"kind": "json_valid", "value": {"type": "object"}}, '{"a": 1}', "[1]"),
        ({"kind": "json_valid"}, "[1]", "[1"),
    ],
)
def test_check_of_each_kind_judges_as_the_scorer_does(check: dict[str, Any], right: str, wrong: str) -> None:
    assert (verdict_on(right, check).value, verdict_on(wrong, check).value) == (1.0, 0.0)


def test_check_without_value_takes_the_items_expected_answer() -> None:
    assert verdict_on("Lima", {"kind": "exact_match"}, expected="Lima").value == 1.0


@pytest.mark.parametrize("stored", [None, "", [], "[]"])
def test_item_without_checks_is_not_judged(stored: Any) -> None:
    verdict = made(Checks).score(Question("a1", "Where?", None, {"checks": stored}, ()), answer("x"))

    assert (verdict.value, verdict.label) == (None, "no checks")


def test_check_that_cannot_be_judged_leaves_the_item_out() -> None:
    verdict = verdict_on("x", PARIS, {"kind": "exact_match"})

    assert (verdict.value, verdict.explanation) == (None, "exact_match: no expected answer")


def test_checks_may_be_stored_as_json_text() -> None:
    assert verdict_on("Paris", stored='[{"kind": "contains", "value": "Paris"}]').value == 1.0


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ("contains", "checks: no JSON list"),
        ({"kind": "contains"}, "checks: write a list of at most 100"),
        ([PARIS] * 101, "checks: write a list of at most 100"),
        (["Paris"], "checks[0]: write an object with kind and value"),
        ([PARIS, {"value": "x"}], "checks[1].kind: there are exact_match, contains, regex"),
        ([{"kind": "person"}], "checks[0].kind: there are exact_match, contains, regex"),
        ([{"kind": ["a"]}], "checks[0].kind: there are exact_match, contains, regex"),
        ([{"kind": "regex", "value": "("}], "checks[0]: pattern: Not a regular expression"),
        ([{"kind": "regex"}], "checks[0]: pattern: This field is required"),
        ([{"kind": "contains", "valu": "x"}], 'checks[0]: valu: unknown option "valu"'),
        ([{"kind": "json_valid", "value": {"type": 3}}], "checks[0]: schema: Not a JSON Schema"),
        ([{"kind": "numeric_match", "value": "many"}], "checks[0].value: write a number"),
        ([{"kind": "exact_match", "value": " "}], "checks[0].value: it says nothing"),
        ([{**PARIS, "weight": -1}], "checks[0].weight: write a number of at least 0"),
        ([{**PARIS, "weight": "2"}], "checks[0].weight: write a number of at least 0"),
        ([{**PARIS, "weight": 0}], "checks: one weight at least is above 0"),
    ],
)
def test_misfit_says_which_check_is_wrong(rules: Any, sentence: str) -> None:
    assert Checks.misfit(rules).startswith(sentence)


@pytest.mark.parametrize("rules", [[PARIS, IRON], None, [], '[{"kind": "json_valid"}]'])
def test_misfit_of_right_checks_is_empty(rules: Any) -> None:
    assert Checks.misfit(rules) == ""
