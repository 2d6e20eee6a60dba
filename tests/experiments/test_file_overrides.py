"""Values of the command line in the place of the file's."""

from typing import Any

import pytest

from experiments.files.document_nodes import ObjectNode, Problem, plain
from experiments.files.overrides import with_overrides
from experiments.files.yaml_document import parse

TEXT = """\
experiment: e
dataset: capitals
defaults: &d
  params: {temperature: 0}
candidates:
  - model: a
  - {model: b, name: 2}
copy: *d
"""


def overridden(overrides: dict[str, str], text: str = TEXT) -> tuple[dict[str, Any], list[Problem]]:
    root, _ = parse(text)
    assert isinstance(root, ObjectNode)
    changed, problems = with_overrides(root, overrides)
    return plain(changed), problems


@pytest.mark.parametrize(
    ("key", "text", "at", "value"),
    [
        ("experiment", "f", "experiment", "f"),
        ("trials", "3", "trials", 3),
        ("reuse", "false", "reuse", False),
        ("experiment", "a: b # c", "experiment", "a: b # c"),
        ("defaults.params.temperature", "0.7", "defaults", {"params": {"temperature": 0.7}}),
        ("defaults.params.seed", "1", "defaults", {"params": {"temperature": 0, "seed": 1}}),
        ("scoring.errors", "zero", "scoring", {"errors": "zero"}),
        ("candidates[1].model", "c", "candidates", [{"model": "a"}, {"model": "c", "name": 2}]),
        ("prompt", "{{ input }}?", "prompt", "{{ input }}?"),
        ("candidates", "[{model: x}]", "candidates", [{"model": "x"}]),
        ("limit", "5", "dataset", {"name": "capitals", "select": {"limit": 5}}),
        ("sample", "5", "dataset", {"name": "capitals", "select": {"sample": 5}}),
        ("dataset.select.seed", "7", "dataset", {"name": "capitals", "select": {"seed": 7}}),
        ("dataset.name", "others", "dataset", {"name": "others"}),
        ("dataset", "others", "dataset", "others"),
    ],
)
def test_with_overrides_sets_a_value_at_its_path(key: str, text: str, at: str, value: Any) -> None:
    document, problems = overridden({key: text})

    assert document[at] == value
    assert problems == []


def test_with_overrides_leaves_what_an_alias_shares_alone() -> None:
    document, _ = overridden({"defaults.params.temperature": "1"})

    assert document["copy"] == {"params": {"temperature": 0}}


def test_with_overrides_sets_several_values() -> None:
    document, _ = overridden({"limit": "5", "dataset.select.split": "test"})

    assert document["dataset"] == {"name": "capitals", "select": {"limit": 5, "split": "test"}}


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        (
            "candidates[9].model",
            "x",
            Problem(6, "candidates[9].model", "--set candidates[9].model: there is no candidates[9]"),
        ),
        ("experiment.x", "y", Problem(1, "experiment.x", "--set experiment.x: experiment has no keys")),
        (
            "trials",
            "[1",
            Problem(1, "trials", "--set trials: no YAML in line 2, column 1: did not find expected ',' or ']'"),
        ),
    ],
)
def test_with_overrides_of_what_cannot_be_set_says_why(key: str, text: str, problem: Problem) -> None:
    document, problems = overridden({key: text})

    assert document == overridden({})[0]
    assert problems == [problem]


def test_with_overrides_keeps_the_lines() -> None:
    root, _ = parse(TEXT)
    assert isinstance(root, ObjectNode)

    changed, _ = with_overrides(root, {"candidates[1].model": "c"})

    assert changed.lines["candidates"] == 5


@pytest.mark.parametrize(
    ("select", "key", "expected"),
    [
        ("{limit: 200, split: s}", "sample", {"sample": 5, "split": "s"}),
        ("{sample: 200, seed: 7}", "limit", {"sample": 5, "seed": 7}),
        ("{seed: 7}", "limit", {"sample": 5, "seed": 7}),
        ("{sample: 200, seed: 7}", "sample", {"sample": 5, "seed": 7}),
        ("{limit: 200}", "limit", {"limit": 5}),
    ],
)
def test_with_overrides_puts_limit_and_sample_in_each_others_place(
    select: str, key: str, expected: dict[str, Any]
) -> None:
    document, problems = overridden({key: "5"}, f"dataset: {{name: capitals, select: {select}}}\n")

    assert (document["dataset"]["select"], problems) == (expected, [])
