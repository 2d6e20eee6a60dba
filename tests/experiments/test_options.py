"""Options: what is taken, what is refused, and that the sentence names the option."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from experiments.options import (
    ChoiceField,
    FlagField,
    NumberField,
    OptionError,
    Options,
    RangeField,
    TextField,
    TextListField,
)


class Everything(Options):
    """An option of each kind."""

    flag = FlagField(help_text="On or off.")
    is_on = FlagField(initial=True)
    number = NumberField(required=False, initial=1.5, min_value=0)
    text = TextField(required=False, initial="")
    choice = ChoiceField(choices=[("any", "any of them"), ("all", "all of them")], initial="any")
    texts = TextListField(required=False, initial=[])
    range = RangeField(required=False, initial=[0.0, 1.0])


Parse = Callable[[Mapping[str, Any]], dict[str, Any]]


@pytest.fixture(params=["parse", "parse_each"])
def parse(request: pytest.FixtureRequest) -> Parse:
    """Both ways of cleaning options: they agree in everything."""
    found: Parse = getattr(Everything, request.param)
    return found


DEFAULTS = {
    "flag": False,
    "is_on": True,
    "number": 1.5,
    "text": "",
    "choice": "any",
    "texts": [],
    "range": [0.0, 1.0],
}


@pytest.mark.parametrize("raw", [{}, dict.fromkeys(DEFAULTS), DEFAULTS])
def test_options_that_are_not_given_have_their_defaults(parse: Parse, raw: dict[str, Any]) -> None:
    assert parse(raw) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "given", "cleaned"),
    [
        ("flag", True, True),
        ("flag", "true", True),
        ("flag", "on", True),
        ("is_on", False, False),
        ("is_on", "false", False),
        ("number", 0, 0.0),
        ("number", "2.5", 2.5),
        ("number", "", 1.5),
        ("text", "  two spaces ", "  two spaces "),
        ("choice", "all", "all"),
        ("choice", "", "any"),
        ("texts", [",", " "], [",", " "]),
        ("texts", ",", [","]),
        ("range", [0, 5000], [0.0, 5000.0]),
        ("range", ["1", "5"], [1.0, 5.0]),
        ("range", "[1, 5]", [1.0, 5.0]),
        ("range", "", [0.0, 1.0]),
    ],
)
def test_options_of_the_right_kind_are_cleaned(parse: Parse, name: str, given: Any, cleaned: Any) -> None:
    assert parse({name: given}) == {**DEFAULTS, name: cleaned}


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("flag", "yes", "Write true or false."),
        ("flag", 1, "Write true or false."),
        ("flag", [], "Write true or false."),
        ("number", "ten", "Enter a number."),
        ("number", True, "Write a number."),
        ("number", float("nan"), "Enter a number."),
        ("number", -1, "Ensure this value is greater than or equal to 0."),
        ("text", 5, "Write a text."),
        ("text", {"a": 1}, "Write a text."),
        ("choice", "some", "Write one of any, all."),
        ("choice", ["any"], "Write one of any, all."),
        ("texts", 5, 'Write a list of texts, like [",", " "].'),
        ("texts", ["a", 5], 'Write a list of texts, like [",", " "].'),
        ("texts", [""], 'Write a list of texts, like [",", " "].'),
        ("range", [5, 1], "The first number must be below the second, and both finite."),
        ("range", [1, 1], "The first number must be below the second, and both finite."),
        ("range", [0, float("inf")], "The first number must be below the second, and both finite."),
        ("range", [0, float("nan")], "The first number must be below the second, and both finite."),
        ("range", [1, 2, 3], "Write two numbers, like [0, 5000]."),
        ("range", [False, True], "Write two numbers, like [0, 5000]."),
        ("range", [[0], 1], "Write two numbers, like [0, 5000]."),
        ("range", "12", "Write two numbers, like [0, 5000]."),
        ("range", 12, "Write two numbers, like [0, 5000]."),
    ],
)
def test_options_of_the_wrong_kind_are_refused_with_a_sentence(
    parse: Parse, name: str, given: Any, sentence: str
) -> None:
    with pytest.raises(OptionError) as refused:
        parse({name: given})

    assert refused.value.errors == {name: sentence}


def test_options_that_nobody_knows_are_refused_with_those_there_are(parse: Parse) -> None:
    with pytest.raises(OptionError) as refused:
        parse({"flagg": True, "number": "ten"})

    assert list(refused.value.errors) == ["flagg", "number"]
    assert str(refused.value).startswith('flagg: unknown option "flagg"; there are: flag, is_on, number')


def test_options_of_a_plug_in_without_any_refuse_all() -> None:
    with pytest.raises(OptionError, match='unknown option "x"; there are: none'):
        Options.parse({"x": 1})


def test_options_of_a_text_that_is_needed_are_refused_without_it() -> None:
    class Needing(Options):
        text = TextField()

    with pytest.raises(OptionError, match="text: This field is required"):
        Needing.parse({})


def test_options_drawn_as_a_form_tick_what_is_on_by_default() -> None:
    html = str(Everything()["is_on"])

    assert 'type="checkbox"' in html
    assert "checked" in html
