"""The scorer of the item's own checks: each item brings a list of what its answer must hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from experiments.options import OptionError
from scoring.scorers.base import Answer, Example, Place, Question, Scorer, Verdict
from scoring.scorers.expected import accepted_texts, as_text
from scoring.scorers.numbers import NumericMatch
from scoring.scorers.structure import JsonValid
from scoring.scorers.text import Contains, ExactMatch, Regex
from scoring.scorers.verdicts import NO_ANSWER
from scoring.scorers.written_numbers import number_alone

KINDS: dict[str, type[Scorer]] = {
    "exact_match": ExactMatch,
    "contains": Contains,
    "regex": Regex,
    "numeric_match": NumericMatch,
    "json_valid": JsonValid,
}
OPTION_OF_VALUE = {"contains": "value", "regex": "pattern", "json_valid": "schema"}
"""The option that `value` stands for; of the other kinds it is the expected value."""
MOST = 100
LONGEST_EXPLANATION = 500


class BadCheck(ValueError):
    """A list of checks that cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check, ready to judge."""

    scorer: Scorer
    name: str
    """Its kind and value, for people."""
    weight: float
    expected: Any
    """In place of the item's; None: the item's."""

    def verdict(self, question: Question, answer: Answer) -> Verdict:
        """Return what it says of an answer."""
        asked = question if self.expected is None else replace(question, expected=self.expected)
        return self.scorer.score(asked, answer)


class Checks(Scorer):
    """The weighted share of the item's checks that pass."""

    label = "Checks of the item"
    help_text = "The share of the item's own checks (metadata.checks) that pass."
    place = Place.APART
    rules_in = "checks"
    examples = (
        Example(
            "Refunds take 14 days.",
            metadata={"checks": [{"kind": "contains", "value": "14 days"}, {"kind": "regex", "value": "[Ss]orry"}]},
        ),
    )

    @classmethod
    def misfit(cls, rules: Any) -> str:
        """Return what is wrong with an item's checks; "": nothing."""
        try:
            checks_of(rules)
        except BadCheck as bad:
            return str(bad)
        return ""

    def score(self, question: Question, answer: Answer) -> Verdict:
        """Return the share; None without checks, and where one of them cannot be judged."""
        checks = checks_of(question.metadata.get(self.rules_in))
        if not checks:
            return Verdict(None, "no checks")
        if not answer.text.strip():
            return NO_ANSWER
        verdicts = [(check, check.verdict(question, answer)) for check in checks]
        for check, verdict in verdicts:
            if verdict.value is None:
                return Verdict(None, verdict.label, explanation=f"{check.name}: {verdict.explanation or verdict.label}")
        failed = [check.name for check, verdict in verdicts if not verdict.value]
        passed = sum(check.weight * (verdict.value or 0.0) for check, verdict in verdicts)
        share = passed / sum(check.weight for check in checks)
        label = f"{len(checks) - len(failed)} of {len(checks)} pass"
        return Verdict(share, label, explanation=f"failed: {'; '.join(failed)}"[:LONGEST_EXPLANATION] if failed else "")


def checks_of(rules: Any) -> list[Check]:
    """Return the checks of an item, from a list or its JSON as a text; [] where there are none. Raises BadCheck."""
    if rules in (None, ""):
        return []
    listed = _parsed(rules) if isinstance(rules, str) else rules
    if not isinstance(listed, list) or len(listed) > MOST:
        raise BadCheck(f"checks: write a list of at most {MOST}, like [{{kind: contains, value: Paris}}]")
    checks = [_check(given, f"checks[{number}]") for number, given in enumerate(listed)]
    if checks and not any(check.weight for check in checks):
        raise BadCheck("checks: one weight at least is above 0")
    return checks


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadCheck("checks: no JSON list") from None


def _check(given: Any, where: str) -> Check:
    if not isinstance(given, Mapping):
        raise BadCheck(f"{where}: write an object with kind and value")
    kind, options = given.get("kind"), {name: part for name, part in given.items() if name not in ("kind", "weight")}
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadCheck(f"{where}.kind: there are {', '.join(KINDS)}")
    value, expected = options.pop("value", None), None
    if kind in OPTION_OF_VALUE:
        options |= {} if value is None else {OPTION_OF_VALUE[kind]: _as_option(kind, value)}
    else:
        expected = _expected(kind, value, where)
    try:
        scorer = KINDS[kind](KINDS[kind].Options.parse_each(options))
    except OptionError as error:
        raise BadCheck(f"{where}: {error}") from None
    name = kind if value is None else f"{kind} {value if isinstance(value, str) else json.dumps(value)}"
    return Check(scorer, name, _weight(given.get("weight", 1), where), expected)


def _as_option(kind: str, value: Any) -> Any:
    """Return a value as the option takes it: numbers are looked for as texts."""
    if kind == "contains":
        return accepted_texts(value)
    return as_text(value) if kind == "regex" and isinstance(value, int | float) else value


def _expected(kind: str, value: Any, where: str) -> Any:
    """Return what an answer must equal. Raises BadCheck for what no answer can."""
    texts = accepted_texts(value)
    if value is not None and not texts:
        raise BadCheck(f"{where}.value: it says nothing")
    if kind == "numeric_match" and any(number_alone(text) is None for text in texts):
        raise BadCheck(f"{where}.value: write a number")
    return value


def _weight(weight: Any, where: str) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
        raise BadCheck(f"{where}.weight: write a number of at least 0")
    return float(weight)
