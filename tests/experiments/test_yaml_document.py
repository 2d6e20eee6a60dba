"""YAML and JSON read as nodes: values as they were written, lines, and what is refused."""

from typing import Any

import pytest

from experiments.files.document_nodes import BadDocument, ObjectNode, Problem, Scalar, as_written, plain
from experiments.files.yaml_document import parse

BOMB = """\
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
"""


def root_of(text: str) -> Any:
    return parse(text)[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-02", "2024-01-02"),
        ("1e400", "1e400"),
        (".nan", ".nan"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-7", -7),
        ("0.7", 0.7),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("'42'", "42"),
        ('"true"', "true"),
        ("'null'", "null"),
    ],
)
def test_plain_of_a_scalar_knows_json_values_only(written: str, value: Any) -> None:
    assert plain(root_of(f"a: {written}"))["a"] == value


@pytest.mark.parametrize(
    ("written", "value"),
    [("1.50", "1.50"), ("1e3", "1e3"), ("-0", "-0"), ("1.5", 1.5), ("42", 42), ("true", True), ("'1.5'", "1.5")],
)
def test_as_written_of_a_number_keeps_what_it_looks_like(written: str, value: Any) -> None:
    assert as_written(root_of(f"a: [{written}]")) == {"a": [value]}


def test_parse_of_yaml_knows_the_lines_of_keys_and_values() -> None:
    root = root_of("# note\na: 1\nb:\n  c:\n    - x\n    - y\n")

    assert root.lines == {"a": 2, "b": 3}
    assert root.entries["b"].lines == {"c": 4}
    assert [item.line for item in root.entries["b"].entries["c"].items] == [5, 6]


def test_parse_of_json_knows_the_lines_of_keys_and_values() -> None:
    root = root_of('{\n "a": 1,\n "b": {\n  "c":\n   ["x",\n    "y"]}}')

    assert root.lines == {"a": 2, "b": 3}
    assert root.entries["b"].lines == {"c": 4}
    assert [item.line for item in root.entries["b"].entries["c"].items] == [5, 6]


def test_parse_of_json_reads_escapes_numbers_and_literals() -> None:
    root = root_of('{"a": "\\ud83d\\ude00\\n\\/", "b": [1, 2.5, -1e2, true, null, "1"], "c": {}, "d": []}')

    assert plain(root) == {"a": "😀\n/", "b": [1, 2.5, -100.0, True, None, "1"], "c": {}, "d": []}


def test_parse_of_what_is_no_json_but_yaml_reads_yaml() -> None:
    assert plain(root_of("{a: 1, b: [x, y]}")) == {"a": 1, "b": ["x", "y"]}


@pytest.mark.parametrize("text", ['a: "x\\0y"', '{"a": "x\\u0000y"}'])
def test_parse_of_nul_leaves_it_out(text: str) -> None:
    assert plain(root_of(text)) == {"a": "xy"}


def test_parse_of_a_lone_surrogate_puts_a_question_mark() -> None:
    assert plain(root_of('{"a": "\\ud800"}')) == {"a": "?"}


def test_parse_of_block_texts_keeps_their_lines() -> None:
    assert plain(root_of("a: |\n  x\n  y\n")) == {"a": "x\ny\n"}


def test_parse_of_aliases_repeats_what_they_stand_for() -> None:
    assert plain(root_of("a: &x [1, {b: 2}]\nc: *x\nd: [*x]")) == {
        "a": [1, {"b": 2}],
        "c": [1, {"b": 2}],
        "d": [[1, {"b": 2}]],
    }


def test_parse_of_a_number_reads_it_as_a_scalar() -> None:
    assert root_of("7") == Scalar(1, "7", is_plain=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", Problem(3, "a", "stands here twice")),
        ("b:\n  c: 1\n  c: 2", Problem(3, "b.c", "stands here twice")),
        ("l:\n - {k: 1, k: 2}", Problem(2, "l[0].k", "stands here twice")),
        ('{"a": 1,\n"a": 2}', Problem(2, "a", "stands here twice")),
        ("a: !!int 3", Problem(1, "a", "the tag !!int is not read: write the value alone")),
        ("a: !!str 3", Problem(1, "a", "the tag !!str is not read: write the value alone")),
        (
            "a:\n  - !python/object:os.system x",
            Problem(2, "a[0]", "the tag !python/object:os.system is not read: write the value alone"),
        ),
        ("a: !x {b: 1}", Problem(1, "a", "the tag !x is not read: write the value alone")),
    ],
)
def test_parse_of_doubles_and_tags_notes_them_and_goes_on(text: str, problem: Problem) -> None:
    root, problems = parse(text)

    assert isinstance(root, ObjectNode)
    assert problems == [problem]


def test_parse_of_doubles_keeps_the_first() -> None:
    assert plain(root_of("a: 1\na: 2")) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem(1, "", "the file is empty")),
        ("# only a note\n", Problem(1, "", "the file is empty")),
        ("---\n", Problem(1, "", "the file is empty")),
        ("a: 1\n---\nb: 2", Problem(2, "", "the file holds more than one document")),
        ("a: &x [*x]", Problem(1, "a[0]", 'the alias "x" contains itself')),
        ("a: &x\n  b:\n    c: *x", Problem(3, "a.b.c", 'the alias "x" contains itself')),
        ("a: *x", Problem(1, "a", 'there is no anchor "x" above')),
        ("? [a]\n: b", Problem(1, "", "a key is a text")),
        ("x: {[a]: b}", Problem(1, "x", "a key is a text")),
        ("k: &l [1]\n*l : x", Problem(2, "", "a key is a text")),
        ("a: x\x01", Problem(1, "", "the character U+0001 is no text")),
        ("a: 1\nb: \x00", Problem(2, "", "the character U+0000 is no text")),
        ("a:" + " [" * 200 + "]" * 200, Problem(1, "", "nested more than 100 deep")),
        ("a: [1\nb: 2", Problem(2, "", "no YAML in line 2, column 2: did not find expected ',' or ']'")),
        ("a: 1\n b: 2", Problem(2, "", "no YAML in line 2, column 3: mapping values are not allowed in this context")),
        (
            "x" * (1024 * 1024 + 1),
            Problem(1, "", "the file is larger than 1 MiB: put items and texts into files of their own"),
        ),
    ],
)
def test_parse_of_what_cannot_be_read_says_where(text: str, problem: Problem) -> None:
    with pytest.raises(BadDocument) as caught:
        parse(text)

    assert caught.value.problem == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem(1, "", "no JSON: a value is expected")),
        ("a: 1", Problem(1, "", "no JSON: a value is expected")),
        ('{"a": 1,\n}', Problem(2, "", "no JSON: a key in double quotes is expected")),
        ('{"a" 1}', Problem(1, "", 'no JSON: ":" is expected')),
        ('{"a": [1\n 2]}', Problem(2, "", 'no JSON: "," is expected')),
        ('{"a": 1}\n}', Problem(2, "", "no JSON: there is more behind the end")),
        ('{"a": NaN}', Problem(1, "", "no JSON: a value is expected")),
        ('{"a": "x', Problem(1, "", "no JSON: a text without its closing quote begins")),
        ("[" * 200, Problem(1, "", "nested more than 100 deep")),
    ],
)
def test_parse_of_what_is_to_be_json_says_where_it_is_not(text: str, problem: Problem) -> None:
    with pytest.raises(BadDocument) as caught:
        parse(text, is_json=True)

    assert caught.value.problem == problem


@pytest.mark.parametrize(
    "text",
    [
        "a: [" + "x, " * 10_000 + "]",
        "[" + ",".join(["1"] * 10_000) + "]",
        BOMB,
    ],
)
def test_parse_of_too_many_values_is_refused(text: str) -> None:
    with pytest.raises(BadDocument, match="more than 10,000 values, aliases counted each time"):
        parse(text)
