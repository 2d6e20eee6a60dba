"""Text and JSON from outside."""

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cleaning import clean_json, clean_text, named_twice, parse_json


@pytest.mark.parametrize("text", ["", "plain", "naïve 日本 🦆", "a\tb\nc"])
def test_clean_text_of_clean_text_is_the_same_object(text: str) -> None:
    assert clean_text(text) is text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("a\x00b", "ab"), ("é\x00", "é"), ("\ud800", "?"), ("a\udfffb\x00", "a?b"), ("\x00\x00", "")],
)
def test_clean_text_of_what_no_database_holds_leaves_it_out(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_clean_text_of_anything_can_be_encoded_and_holds_no_nul(text: str) -> None:
    cleaned = clean_text(text)

    assert "\x00" not in cleaned.encode().decode()
    assert clean_text(cleaned) == cleaned


def test_clean_json_of_nested_values_cleans_keys_texts_and_numbers() -> None:
    value = {"a\x00": [1.5, float("nan"), {"b": (float("inf"), "x\ud800")}], "n": None, "t": True, "i": 3}

    cleaned = clean_json(value)

    assert cleaned == {"a": [1.5, None, {"b": [None, "x?"]}], "n": None, "t": True, "i": 3}
    assert json.dumps(cleaned, allow_nan=False)


@pytest.mark.parametrize(
    ("data", "value"),
    [(b'{"a": 1}', {"a": 1}), (b'"\\ud800"', "\ud800"), (b"[Infinity]", [float("inf")]), (b"1e400", float("inf"))],
)
def test_parse_json_of_what_others_write_is_read(data: bytes, value: object) -> None:
    assert parse_json(data) == value


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"\xff\xfe", b"[" * 100_000, b"9" * 5000])
def test_parse_json_of_no_json_raises_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(data)


@pytest.mark.parametrize(("names", "twice"), [("abcb", "b"), ("", None), ("abc", None), (["", ""], "")])
def test_name_that_is_there_twice_is_found(names: Iterable[str], twice: str | None) -> None:
    assert named_twice(names) == twice


def test_very_many_names_are_looked_through_once() -> None:
    assert named_twice(map(str, range(200_000))) is None
