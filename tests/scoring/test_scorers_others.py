"""Scorers that check JSON, that measure, and that are people."""

from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.options import OptionError
from scoring.scorers.base import Answer, Place, Scorer, Verdict
from scoring.scorers.measures import Cost, Latency
from scoring.scorers.numbers import NumericMatch
from scoring.scorers.people import Person
from scoring.scorers.structure import JsonValid
from scoring.scorers.text import Contains, ExactMatch, Regex
from tests.scoring.judged import answer, judged, made, question

KINDS = [ExactMatch, Contains, Regex, NumericMatch, JsonValid, Latency, Cost, Person]
NEEDED = {Regex: {"pattern": "."}}
PERSON_SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/age"}},
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}


def nested(depth: int) -> dict[str, Any]:
    """Return a schema of a list of lists, so many deep."""
    return reduce(lambda inner, _: {"items": inner}, range(depth), {})


FENCED = 'Here:\n```json\n[1]\n```\nor better\n```\n{"name": "Ann"}\n```\nBye.'


@pytest.mark.parametrize("text", ['{"a": [1, null, 2.5]}', ' "x" ', "0", "null", "[]", "1" * 300])
def test_json_valid_of_json_is_1(text: str) -> None:
    assert judged(JsonValid, text) == Verdict(1)


@pytest.mark.parametrize(
    "text", ["{'a': 1}", '{"a": 1,}', "NaN", "Infinity", "Sure: {}", "[" * 100_000, "1e400", '"\\ud800"', "{} {}"]
)
def test_json_valid_of_anything_else_is_0_and_says_where(text: str) -> None:
    verdict = judged(JsonValid, text)

    assert (verdict.value, verdict.label) == (0, "not JSON")
    assert verdict.explanation


@pytest.mark.parametrize("text", ["", " \n"])
def test_json_valid_of_no_text_is_0(text: str) -> None:
    assert judged(JsonValid, text) == Verdict(0, "no answer")


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ('{"name": "Ann", "age": 7}', 1, ""),
        ('{"age": 7}', 0, "does not fit"),
        ('{"name": "Ann", "age": -1}', 0, "does not fit"),
        ("[]", 0, "does not fit"),
    ],
)
def test_json_valid_with_a_schema_checks_what_fits(text: str, value: float, label: str) -> None:
    verdict = judged(JsonValid, text, schema=PERSON_SCHEMA)

    assert (verdict.value, verdict.label) == (value, label)


def test_json_valid_names_the_place_that_does_not_fit() -> None:
    verdict = judged(JsonValid, '{"name": "Ann", "age": "old"}', schema=PERSON_SCHEMA)

    assert verdict.explanation == "$.age: 'old' is not of type 'integer'"


def test_json_valid_takes_the_last_block() -> None:
    assert judged(JsonValid, FENCED) == Verdict(1, extracted='{"name": "Ann"}\n')


def test_json_valid_without_blocks_wants_the_whole_answer() -> None:
    assert judged(JsonValid, FENCED, fenced=False).label == "not JSON"


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        pytest.param({"$ref": "https://example.com/a.json"}, "nothing is fetched", id="remote"),
        pytest.param({"allOf": [{"$ref": "other.json"}]}, "nothing is fetched", id="another-file"),
        pytest.param({"anyOf": [{"$dynamicRef": "file:///etc/passwd"}]}, "nothing is fetched", id="dynamic"),
        pytest.param({"$ref": "#/$defs/none"}, "not in the schema", id="dangling"),
        pytest.param({"type": "strin"}, "Not a JSON Schema", id="unknown-type"),
        pytest.param({"pattern": "("}, "Not a JSON Schema", id="pattern"),
        pytest.param([1], "Write a JSON Schema", id="list"),
        pytest.param(True, "Write a JSON Schema", id="true"),
        pytest.param("{", "valid JSON", id="broken-text"),
        pytest.param(nested(2000), "nested too deeply", id="deep"),
    ],
)
def test_json_valid_with_a_schema_that_cannot_be_used_is_refused(schema: Any, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence) as refused:
        JsonValid.Options.parse({"schema": schema})

    assert list(refused.value.errors) == ["schema"]


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"properties": {"$ref": {"type": "string"}}}, id="property-of-that-name"),
        pytest.param({"const": {"$ref": "https://example.com"}}, id="data"),
        pytest.param({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, id="draft-7"),
        pytest.param({"$id": "https://example.com/root", "$ref": "#/$defs/a", "$defs": {"a": {}}}, id="with-id"),
    ],
)
def test_json_valid_with_a_schema_of_its_own_is_taken(schema: dict[str, Any]) -> None:
    assert JsonValid.Options.parse({"schema": schema})["schema"] == schema


def test_latency_is_the_milliseconds_of_the_call() -> None:
    assert made(Latency).score(question(), answer("", latency_ms=1250)) == Verdict(1250.0)


def test_latency_that_was_not_measured_is_none() -> None:
    assert made(Latency).score(question(), answer("x", latency_ms=None)) == Verdict(None, "not measured")


@pytest.mark.parametrize("cost", ["0.0125", "0"])
def test_cost_is_the_dollars_of_the_call(cost: str) -> None:
    assert made(Cost).score(question(), answer("x", cost_usd=Decimal(cost))) == Verdict(float(cost))


def test_cost_that_is_unknown_is_none_and_never_0() -> None:
    verdict = made(Cost).score(question(), answer("x", cost_usd=None))

    assert (verdict.value, verdict.label) == (None, "cost unknown")


@pytest.mark.parametrize("kind", [Latency, Cost])
def test_measures_carry_no_weight_before_they_have_a_range(kind: type[Scorer]) -> None:
    assert (kind.natural_range, kind.higher_is_better, kind.default_weight) == (None, False, 0)


def test_person_of_a_scale_with_labels_is_taken() -> None:
    options = Person.Options.parse({"scale": [1, 5], "labels": {"1.0": "useless", 5: "perfect"}, "instructions": "So?"})

    assert options == {"scale": [1.0, 5.0], "labels": {"1": "useless", "5": "perfect"}, "instructions": "So?"}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"scale": [5, 1]}, "scale"),
        ({"scale": [1, 5], "labels": {"9": "x"}}, "labels"),
        ({"labels": {"one": "x"}}, "labels"),
        ({"labels": {"nan": "x"}}, "labels"),
        ({"labels": {"1": 2}}, "labels"),
        ({"labels": ["x"]}, "labels"),
        ({"instructions": 3}, "instructions"),
    ],
)
def test_person_of_options_that_do_not_fit_is_refused_by_name(raw: dict[str, Any], name: str) -> None:
    with pytest.raises(OptionError) as refused:
        Person.Options.parse(raw)

    assert list(refused.value.errors) == [name]


@pytest.mark.parametrize(
    ("kind", "options", "ends"),
    [
        (Person, {}, (0.0, 1.0)),
        (Person, {"scale": [1, 5]}, (1.0, 5.0)),
        (Contains, {}, (0.0, 1.0)),
        (Latency, {}, None),
    ],
)
def test_range_of_a_scorer_is_that_of_its_options(
    kind: type[Scorer], options: dict[str, Any], ends: tuple[float, float] | None
) -> None:
    assert kind.range_of(kind.Options.parse(options)) == ends


def test_person_is_asked_by_nobody_and_says_so() -> None:
    assert Person.place is Place.NOWHERE
    assert judged(Person, "x") == Verdict(None, "not rated")


@pytest.mark.parametrize("kind", KINDS)
def test_every_scorer_has_a_label_and_a_help_text_and_help_for_each_option(kind: type[Scorer]) -> None:
    helps = [field.help_text for field in kind.Options.base_fields.values()]

    assert kind.label
    assert kind.help_text.endswith(".")
    assert all(helps)


@pytest.mark.parametrize("kind", KINDS)
def test_options_of_every_scorer_cleaned_twice_stay_the_same(kind: type[Scorer]) -> None:
    cleaned = kind.Options.parse(NEEDED.get(kind, {}))

    assert kind.Options.parse(cleaned) == cleaned


@pytest.mark.parametrize("kind", KINDS)
def test_every_scorer_refuses_an_option_it_does_not_know(kind: type[Scorer]) -> None:
    with pytest.raises(OptionError, match='wieght: unknown option "wieght"; there are'):
        kind.Options.parse({**NEEDED.get(kind, {}), "wieght": 1})


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text())
def test_every_scorer_gives_none_or_a_value_in_its_range_for_any_text(kind: type[Scorer], text: str) -> None:
    scorer = made(kind, **NEEDED.get(kind, {}))

    verdict = scorer.score(question("18"), Answer(text, "truncated", 5, Decimal("0.1")))

    low, high = kind.natural_range or (0, float("inf"))
    assert verdict.value is None or low <= verdict.value <= high
    assert not verdict.error
