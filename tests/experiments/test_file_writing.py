"""Experiment files written: what is written reads as the same experiment."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.files.experiment_file import ExperimentFile, load, read_text
from experiments.files.writing import initial_file, to_yaml
from experiments.rows.new_items import NewItem
from tests.experiments.declared_files import declared

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(str.strip)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def read_again(file: ExperimentFile) -> ExperimentFile:
    return read_text(to_yaml(file), path="again.yaml", folder=Path("/"), environ={})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vars": "{a: '42', b: 42, c: 'true', d: true, e: 'null', f: 'yes', g: 010, h: '1e5', i: 1.5}"},
        {"dataset": "qa@3"},
        {"dataset": "{name: qa, select: {split: s, tags: [a], limit: 3}}"},
        {"dataset": "{name: d, items: [{key: k, input: {a: 1, b: '1'}, expected: ['4', 4], tags: [t], split: s}]}"},
        {"providers": "{local: {use: team}}"},
        {
            "providers": "{local: {kind: openai, base_url: http://x/v1, api_key_env: A_KEY, headers: {H: '$${X}'},"
            " max_in_flight: 3, timeout_s: 2.5, prices: {m: {input: 0.25, output: 1}}}}"
        },
        {
            "providers": "{local: {kind: http, base_url: 'http://x', path: '/$${a}/{{ model }}', key_prefix: '',"
            " text: 'a[*].b | c', body: {s: [0.70, '0.70', true, null, '$${X}', {a: '{{ params.seed }}'}]}}}"
        },
        {"providers": "{local: {kind: anthropic, max_tokens: 64, stream: true}}"},
        {"prompt": "[{role: system, content: 'a\\n'}, {role: user, content: \"x\\n\\n {{ input }} \\n\"}]"},
        {"prompt": None, "prompts": "{a: '{{ input }}', b: x}", "defaults": "{prompt: a}"},
        {"candidates": "[{provider: local, model: m, params: {temperature: 0.70, stop: ['1e5', no], n: 1}}]"},
        {"candidates": "[{provider: local, model: m, params: {extra_body: {a: [1.0, '1.0', null, {b: 'null'}]}}}]"},
        {"candidates": "[{provider: local, model: m}, {provider: local, model: n, name: two}]", "baseline": "two"},
        {"scorers": "[{kind: exact_match, name: a, extract: '^A: ?(.*)$', ignore: [',', ' '], weight: 2, pass: 1}]"},
        {"scorers": "[{kind: contains}, {kind: latency, range: [0, 5], direction: lower_is_better, weight: 0.5}]"},
        {"scorers": "[{kind: contains}, {kind: person, scale: [1, 5], labels: {1: bad, 5: good}, instructions: x}]"},
        {"scorers": "[{kind: contains}, {kind: json_valid, schema: {type: object, required: ['1']}}]"},
        {"trials": "3", "reuse": "false", "timeout_s": "9.5", "max_errors": "1%", "scoring": "{errors: zero}"},
        {"require": '[{scorer: correct, at_least: 0.5, on: low}, {candidate: "*", metric: errors, at_most: 3}]'},
        {"description": '"two\\nlines"', "tags": "[a, b]", "project": "team"},
    ],
)
def test_to_yaml_of_an_experiment_reads_as_the_same_experiment(tmp_path: Path, changes: dict[str, Any]) -> None:
    file = declared(tmp_path, **changes)

    assert read_again(file) == file


def test_to_yaml_of_a_data_file_names_it_again(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,q,a,t\n1,x,4|5,u;v\n")
    mapping = "key: id, input: {v: q}, expected: {column: a, split: '|'}, metadata: {m: a}, tags: {column: t, split: ;}"
    file = declared(tmp_path, dataset=f"{{name: d, file: items.csv, {mapping}}}")

    assert read_again(file) == file


@settings(max_examples=50)
@given(TEXTS.filter(lambda text: "{" not in text))
def test_to_yaml_of_any_prompt_reads_as_the_same_prompt(content: str) -> None:
    prompts = {"default": [{"role": "user", "content": content}], "other": [{"role": "system", "content": content}]}
    file = replace(declared(Path()), prompts=prompts)

    assert read_again(file).prompts == prompts


@settings(max_examples=50)
@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_to_yaml_of_any_extra_body_reads_as_the_same(values: dict[str, Any]) -> None:
    file = declared(Path())
    candidate = replace(file.candidates[0], params={"extra_body": values})

    assert read_again(replace(file, candidates=[candidate])).candidates[0].params == {"extra_body": values}


@settings(max_examples=50)
@given(TEXTS, VALUES)
def test_to_yaml_of_any_item_reads_as_the_same_text(text: str, metadata: Any) -> None:
    file = declared(Path())
    item = NewItem("k", text, expected=text, metadata={"m": metadata})
    again = read_again(replace(file, dataset=replace(file.dataset, rows=(item,)))).dataset.rows

    assert again == (item,)


def test_to_yaml_leaves_out_what_is_as_by_default(tmp_path: Path) -> None:
    written = to_yaml(declared(tmp_path, prompt="|\n  Line one\n  {{ input }}"))

    assert written == (
        "experiment: capitals\n"
        "dataset:\n"
        "  name: capitals\n"
        "  items:\n"
        "  - input: a\n"
        "    expected: b\n"
        "  - input: c\n"
        "    tags:\n"
        "    - x\n"
        "providers:\n"
        "  local:\n"
        "    kind: openai\n"
        "    base_url: http://127.0.0.1:1/v1\n"
        "prompt: |\n"
        "  Line one\n"
        "  {{ input }}\n"
        "candidates:\n"
        "- name: m\n"
        "  provider: local\n"
        "  model: m\n"
        "  prompt: default\n"
        "scorers:\n"
        "- kind: contains\n"
        "  name: correct\n"
    )


def test_initial_file_is_a_file_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(initial_file("mine.yaml"))

    file = load(path, environ={})

    assert [candidate.model for candidate in file.candidates] == ["sim-small", "sim-large"]
    assert file.dataset.rows is not None
    assert len(file.dataset.rows) == 3
    assert "evalsite run mine.yaml" in initial_file("mine.yaml")
