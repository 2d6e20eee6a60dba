"""Paths into JSON."""

from typing import Any

import pytest

from runs.runners.json_paths import BadPath, compiled

VALUE: dict[str, Any] = {
    "a": {"b": [{"c": "x"}, {"c": "y"}, {"d": 1}], "e.f": "dotted", "null": None, "zero": 0},
    "list": ["p", "q", "r"],
    "stop": "length",
    "done": True,
    "x-y_z": 1.5,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("stop", ["length"]),
        ("a.b[0].c", ["x"]),
        ("a.b[-2].c", ["y"]),
        ("a.b[*].c", ["x", "y"]),
        ('a["e.f"]', ["dotted"]),
        ("list[*]", ["p", "q", "r"]),
        ("x-y_z", [1.5]),
        ("a.zero", [0]),
        ("a.null", []),
        ("a.b.c", []),
        ("list[9]", []),
        ("list[-4]", []),
        ("stop[0]", []),
        ("stop[*]", []),
        ("nowhere.at.all", []),
        ("stop=length", ["length"]),
        ("stop=end", []),
        ("done=true", [True]),
        ("list[*]=q", ["q"]),
        ("nowhere | stop", ["length"]),
        ("stop=end|a.b[0].c|stop", ["x"]),
    ],
)
def test_find_follows_the_path(path: str, found: list[Any]) -> None:
    assert compiled(path).find(VALUE) == found


@pytest.mark.parametrize(("path", "text"), [("a.b[*].c", "xy"), ("done", "true"), ("a.b[2]", '{"d":1}'), ("no", None)])
def test_text_joins_what_is_found(path: str, text: str | None) -> None:
    assert compiled(path).text(VALUE) == text


@pytest.mark.parametrize("value", [None, 5, "text", []])
def test_find_in_what_is_no_object_finds_nothing(value: Any) -> None:
    assert compiled("a.b").find(value) == []


@pytest.mark.parametrize("path", ["", " ", "a |", "a..b", "a[", "a[x]", "$..*", "a b", "[]", "=x"])
def test_compiled_of_no_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath, match="path"):
        compiled(path)
