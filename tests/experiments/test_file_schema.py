"""The JSON Schema of experiment files agrees with their reader."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from experiments.files.document_nodes import plain
from experiments.files.schema import json_schema
from experiments.files.writing import document_of, initial_file
from experiments.files.yaml_document import parse
from tests.experiments.declared_files import declared, text_with


def errors_of(document: Any) -> list[str]:
    return [error.json_path for error in jsonschema.Draft202012Validator(json_schema()).iter_errors(document)]


def test_json_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("text", [text_with(), initial_file(), text_with(dataset="qa@3", prompt="{file: a.md}")])
def test_json_schema_accepts_files_that_load(text: str) -> None:
    assert errors_of(plain(parse(text)[0])) == []


def test_json_schema_accepts_what_is_written(tmp_path: Path) -> None:
    file = declared(
        tmp_path,
        scorers="[{kind: exact_match, name: a, ignore: [x]}, {kind: person, name: b, scale: [1, 5]},"
        " {kind: latency, name: c, range: [0, 9], weight: 1}]",
        trials="3",
        max_errors="1%",
    )

    assert errors_of(document_of(file)) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"experiment": None}, "$"),
        ({"experimnt": "x"}, "$"),
        ({"prompts": "{a: b}"}, "$"),
        ({"trials": "0"}, "$.trials"),
        ({"reuse": "yes"}, "$.reuse"),
        ({"scorers": "[{kind: nope}]"}, "$.scorers[0]"),
        ({"scorers": "[{kind: contains, ignore_case: 3}]"}, "$.scorers[0]"),
        ({"candidates": "[{provider: a, model: b, params: {top_k: 3}}]"}, "$.candidates[0].params"),
        ({"providers": "{a: {api_key: b}}"}, "$.providers.a"),
    ],
)
def test_json_schema_refuses_what_does_not_load(changes: dict[str, Any], path: str) -> None:
    assert errors_of(plain(parse(text_with(**changes))[0])) == [path]
