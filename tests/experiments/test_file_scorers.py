"""The scorers of an experiment file."""

from pathlib import Path

import pytest

from experiments.declarations import ScorerDeclaration
from tests.experiments.declared_files import declared, problems_of

KINDS = "exact_match, contains, regex, numeric_match, json_valid, checks, latency, cost, person"


def test_load_of_scorers_cleans_their_options(tmp_path: Path) -> None:
    file = declared(
        tmp_path,
        scorers="[{kind: exact_match, name: a, extract: '(x)', ignore: [',', ' '], weight: 2},"
        " {kind: latency, name: b, range_ms: [0, 5000], direction: lower_is_better, pass: 10},"
        " {kind: person, name: c, scale: [1, 5], labels: {1: bad, 5: good}},"
        " {kind: json_valid, name: d, schema: {type: object}}]",
    )
    exact, latency, person, shape = file.scorers

    assert (exact.weight, exact.options["extract"], exact.options["ignore"]) == (2.0, "(x)", [",", " "])
    assert latency == ScorerDeclaration("b", "latency", {}, None, (0.0, 5000.0), higher_is_better=False, pass_value=10)
    assert (person.options["scale"], person.options["labels"]) == ([1.0, 5.0], {"1": "bad", "5": "good"})
    assert shape.options["schema"] == {"type": "object"}


@pytest.mark.parametrize(
    ("scorer", "problem"),
    [
        ("{name: a}", "kind: is required"),
        (
            "{kind: contain, name: a}",
            f'kind: unknown kind "contain"; there are {KINDS}; did you mean "contains"?',
        ),
        ("{kind: checks, name: a}", 'kind: no item that a judges has "checks" in its metadata'),
        ("{kind: contains, name: a.b}", 'name: "a.b" may hold a-z, 0-9, _ and - only'),
        ("{kind: contains, name: A}", 'name: "A" may hold a-z, 0-9, _ and - only'),
        ("{kind: contains, weight: -1}", "weight: write a number of at least 0"),
        ("{kind: contains, weight: .nan}", "weight: write a number of at least 0"),
        ("{kind: contains, when: {tags: y}}", 'when.tags: no item has "y"'),
        ("{kind: contains, when: {tags: xx}}", 'when.tags: no item has "xx"; did you mean "x"?'),
        ("{kind: contains, when: {split: test}}", 'when.split: no item has "test"'),
        ("{kind: contains, when: {tag: x}}", 'when.tag: unknown key; did you mean "tags"?'),
        ("{kind: contains, when: x}", "when: write an object: keys with values"),
        ("{kind: contains, ignorecase: true}", 'ignorecase: unknown key; did you mean "ignore_case"?'),
        ("{kind: contains, ignore_case: yes}", "ignore_case: write true or false"),
        ("{kind: contains, value: [{a: b}]}", "value: write a list of texts"),
        ("{kind: exact_match, extract: [a]}", "extract: write a text"),
        ("{kind: contains, range: [1, 0]}", "range: write two numbers, the lower one first, like [0, 5000]"),
        ("{kind: contains, range: [0, x]}", "range: write two numbers, the lower one first, like [0, 5000]"),
        ("{kind: contains, range: 3}", "range: write two numbers, the lower one first, like [0, 5000]"),
        ("{kind: latency, name: l, weight: 1}", "range: l needs a range before it may carry a weight, like [0, 5000]"),
        ("{kind: contains, direction: up}", 'direction: "up" is none of higher_is_better, lower_is_better'),
        ("{kind: contains, pass: high}", "pass: write a number"),
    ],
)
def test_load_of_a_wrong_scorer_says_where(tmp_path: Path, scorer: str, problem: str) -> None:
    found = problems_of(tmp_path, scorers=f"[{{kind: regex, pattern: x, name: other}}, {scorer}]")

    assert found == [f"e.yaml:6: scorers[1].{problem}"]


@pytest.mark.parametrize(
    ("scorers", "problem"),
    [
        ("[{kind: contains, weight: 0}]", "scorers: one weight at least is above 0"),
        ("[{kind: latency}, {kind: person}]", "scorers: one weight at least is above 0"),
        (
            "[{kind: contains, name: a}, {kind: regex, pattern: x, name: a}]",
            'scorers[1].name: there is a scorer "a" already: give each its own',
        ),
        ("[{kind: exact_match, extract: '('}]", "scorers[0].extract: "),
        ("[{kind: json_valid, schema: {file: s.json}}]", "scorers[0].schema: the file is not there (tried "),
        ("[{kind: json_valid, schema: {$ref: 'http://x/y'}}]", "scorers[0].schema: "),
        ("[contains]", "scorers[0]: write an object: keys with values"),
    ],
)
def test_load_of_wrong_scorers_says_where(tmp_path: Path, scorers: str, problem: str) -> None:
    assert problems_of(tmp_path, scorers=scorers)[0].startswith(f"e.yaml:6: {problem}")


def test_load_of_a_schema_in_a_file_reads_it(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "array"}')

    file = declared(tmp_path, scorers="[{kind: json_valid, schema: {file: s.json}}]")

    assert file.scorers[0].options["schema"] == {"type": "array"}
