"""Experiment files: what they declare, and every sentence about what is wrong in them."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from experiments.canonical import item_key
from experiments.files.experiment_file import CandidatePart, FileProblems, load, read_text
from experiments.files.providers import ProviderPart
from experiments.rows.new_items import NewItem
from tests.experiments.declared_files import declared, problems_of, text_with

ITEMS = "id,Question,Answers,Topics,Split,level\na1,why?,x|y,sums,test,3\na2,how?,,facts,train,4\n"


def test_load_of_the_shortest_file_fills_in_every_default(tmp_path: Path) -> None:
    file = declared(tmp_path)

    assert file.name == "capitals"
    assert file.dataset.rows == (NewItem(item_key("a"), "a", "b"), NewItem(item_key("c"), "c", tags=("x",)))
    assert file.providers == {"local": ProviderPart("local", kind="openai", base_url="http://127.0.0.1:1/v1")}
    assert file.prompts == {"default": [{"role": "user", "content": "{{ input }}"}]}
    assert file.candidates == [CandidatePart("m", "local", "m", "default")]
    assert [(scorer.name, scorer.kind, scorer.weight) for scorer in file.scorers] == [("correct", "contains", None)]
    assert (file.project, file.trials, file.errors_policy, file.is_reusing) == ("default", 1, "exclude", True)
    assert (file.timeout_s, file.max_errors, file.baseline, file.warnings) == (None, "0", "", [])


def test_load_of_a_whole_file_reads_every_part(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(ITEMS)
    (tmp_path / "careful.md").write_text("Be careful.\n")
    text = """\
version: 1
experiment: support
description: Which one?
tags: [support, nightly]
project: team
vars: {company: Acme, code: 007, rate: 1.50, strict: true}
dataset:
  name: support
  file: items.csv
  key: id
  input: {question: Question}
  expected: {column: Answers, split: "|"}
  metadata: {level: level}
  tags: Topics
  split: Split
  select: {split: test, tags: [sums], exclude_tags: [facts], keys: a1, limit: 1}
providers:
  gateway:
    kind: openai
    base_url: ${URL:-https://gateway.example.com/v1/}
    api_key_env: GATEWAY_API_KEY
    headers: {X-Team: "${TEAM}", X-Raw: "$${TEAM}"}
    max_in_flight: 4
    requests_per_minute: 60
    tokens_per_minute: 1000
    timeout_s: 30
    prices: {large: {input: 2.50, output: 10}}
  team: {use: team-gateway}
prompts:
  short: "{{ question }}"
  careful:
    - {role: system, content: {file: careful.md}}
    - {role: user, content: "{{ question }}"}
defaults: {provider: gateway, prompt: careful, params: {temperature: 0, max_tokens: 512}}
candidates:
  - {name: today, model: large}
  - {model: small, prompt: short, provider: team, params: {temperature: null, stop: ["010"], extra_body: {top_k: 20}}}
baseline: today
scorers:
  - {kind: exact_match, name: correct, extract: '^A: ?(.*)$', ignore: [",", " "], ignore_case: true, weight: 3}
  - {kind: latency, name: speed, range_ms: [0, 5000], weight: 0.5, direction: lower_is_better, pass: 100}
  - {kind: person, name: helpful, scale: [1, 5], labels: {1: useless, 5: perfect}, instructions: Send it?}
scoring: {errors: zero, trials: mean}
trials: 3
reuse: false
timeout_s: 90
max_errors: 1%
"""

    file = declared(tmp_path, text, {"TEAM": "evals"})

    assert file.variables == {"company": "Acme", "code": "007", "rate": "1.50", "strict": True}
    assert (file.description, file.tags, file.project) == ("Which one?", ["support", "nightly"], "team")
    assert file.dataset.rows is not None
    assert file.dataset.rows[0] == NewItem("a1", {"question": "why?"}, ["x", "y"], {"level": "3"}, ("sums",), "test")
    assert file.dataset.rows[1].expected is None
    assert file.dataset.selection == {"split": "test", "tags": ["sums"], "exclude_tags": ["facts"], "keys": ["a1"]}
    assert file.dataset.item_limit == 1
    assert file.providers == {
        "gateway": ProviderPart(
            "gateway",
            kind="openai",
            base_url="https://gateway.example.com/v1",
            api_key_env="GATEWAY_API_KEY",
            headers={"X-Team": "evals", "X-Raw": "${TEAM}"},
            max_in_flight=4,
            requests_per_minute=60,
            tokens_per_minute=1000,
            timeout_s=30.0,
            prices={"large": {"input": 2.5, "output": 10.0}},
        ),
        "team": ProviderPart("team", use="team-gateway"),
    }
    assert file.prompts["careful"][0] == {"role": "system", "content": "Be careful.\n"}
    assert file.candidates == [
        CandidatePart("today", "gateway", "large", "careful", {"temperature": 0, "max_tokens": 512}),
        CandidatePart(
            "small · short · extra_body={'top_k': 20} · stop=['010']",
            "team",
            "small",
            "short",
            {"max_tokens": 512, "stop": ["010"], "extra_body": {"top_k": 20}},
        ),
    ]
    assert (file.baseline, file.trials, file.errors_policy, file.is_reusing) == ("today", 3, "zero", False)
    assert (file.timeout_s, file.max_errors) == (90.0, "1%")


def test_load_of_json_gives_what_yaml_gives(tmp_path: Path) -> None:
    document = {
        "experiment": "capitals",
        "dataset": {"name": "capitals", "items": [{"input": "a", "expected": "b"}, {"input": "c", "tags": ["x"]}]},
        "providers": {"local": {"kind": "openai", "base_url": "http://127.0.0.1:1/v1"}},
        "prompt": "{{ input }}",
        "candidates": [{"provider": "local", "model": "m"}],
        "scorers": [{"kind": "contains", "name": "correct"}],
    }
    path = tmp_path / "e.json"
    path.write_text(json.dumps(document, indent=1))

    assert load(path, environ={}) == declared(tmp_path)


def test_load_of_standard_input_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text_with()))

    assert load("-", environ={}) == declared(tmp_path)


def test_load_of_a_file_with_a_byte_order_mark_and_windows_lines_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text_with().replace("\n", "\r\n").encode())

    assert load(path, environ={}) == declared(tmp_path)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"experiment": None}, "e.yaml:1: experiment: is required"),
        ({"experiment": "''"}, "e.yaml:1: experiment: is required"),
        ({"experiment": "[a]"}, "e.yaml:1: experiment: write a text"),
        ({"experiment": "x" * 201}, "e.yaml:1: experiment: is longer than 200 characters"),
        ({"dataset": None}, "e.yaml:1: dataset: is required"),
        ({"candidates": "[]"}, "e.yaml:5: candidates: write 1 to 200 candidates"),
        ({"scorers": None}, "e.yaml:1: scorers: is required"),
        ({"scorers": "[]"}, "e.yaml:6: scorers: write one scorer at least"),
        ({"version": "2"}, "e.yaml:7: version: this release reads version 1"),
        ({"experimnt": "x"}, 'e.yaml:7: experimnt: unknown key; did you mean "experiment"?'),
        ({"limit": "3"}, "e.yaml:7: limit: unknown key"),
        ({"judges": "{}"}, "e.yaml:7: judges: not yet"),
        ({"budget": "-1"}, "e.yaml:7: budget: write a number from 0 to 1e+07"),
        ({"variants": "{}"}, "e.yaml:7: variants: not yet"),
        ({"gate": "{}"}, "e.yaml:7: gate: not yet"),
        ({"vars": "[a]"}, "e.yaml:7: vars: write an object: keys with values"),
        ({"tags": "[{a: b}]"}, "e.yaml:7: tags: write a list of texts"),
        ({"trials": "0"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"trials": "-1"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"trials": "1.5"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"trials": "1000"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"trials": "'3'"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"trials": "true"}, "e.yaml:7: trials: write a whole number from 1 to 100"),
        ({"reuse": "yes"}, "e.yaml:7: reuse: write true or false"),
        ({"timeout_s": "0"}, "e.yaml:7: timeout_s: write a number of at least 0.1"),
        ({"timeout_s": "soon"}, "e.yaml:7: timeout_s: write a number of at least 0.1"),
        ({"max_errors": "-1"}, 'e.yaml:7: max_errors: write a number of at least 0, or a share like "1%"'),
        ({"max_errors": "101%"}, 'e.yaml:7: max_errors: write a number of at least 0, or a share like "1%"'),
        ({"max_errors": "few"}, 'e.yaml:7: max_errors: write a number of at least 0, or a share like "1%"'),
        ({"baseline": "n"}, 'e.yaml:7: baseline: there is no candidate "n"'),
        (
            {"scoring": "{errors: exlude}"},
            'e.yaml:7: scoring.errors: "exlude" is none of exclude, zero; did you mean "exclude"?',
        ),
        ({"scoring": "{trials: max}"}, 'e.yaml:7: scoring.trials: "max" is none of mean'),
        ({"experiment": "!!str x"}, "e.yaml:1: experiment: the tag !!str is not read: write the value alone"),
    ],
)
def test_load_of_a_wrong_top_level_says_where(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    assert problems_of(tmp_path, **changes) == [problem]


def test_load_of_many_problems_sorts_them_and_shows_twenty(tmp_path: Path) -> None:
    found = problems_of(tmp_path, trials="0", candidates=f"[{', '.join(['{provider: x}'] * 15)}]", experiment="[x]")

    assert found[0] == "e.yaml:1: experiment: write a text"
    assert len(found) == 21
    assert found[-1] == "… and 12 more"


def test_load_of_several_lines_names_each(tmp_path: Path) -> None:
    text = (
        text_with(scorers=None) + "scorers:\n  - kind: contains\n    name: correct\n    weight:\n      -3\ntrials: 0\n"
    )

    assert problems_of(tmp_path, text) == [
        "e.yaml:9: scorers[0].weight: write a number of at least 0",
        "e.yaml:11: trials: write a whole number from 1 to 100",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "e.yaml:1: the file is empty"),
        ("- a", "e.yaml:1: write keys: experiment, dataset, candidates, scorers"),
        ("a: [", "e.yaml:2: no YAML in line 2, column 1: did not find expected node content"),
    ],
)
def test_read_text_of_what_is_no_document_says_so(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FileProblems) as caught:
        read_text(text, path="e.yaml", folder=tmp_path, environ={})

    assert str(caught.value) == problem


def test_load_of_a_file_that_is_not_there_names_the_path_that_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"

    with pytest.raises(FileProblems) as caught:
        load(path, environ={})

    assert str(caught.value) == f"{path}:1: is not there (tried {path})"


def test_load_of_a_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match="1: is a directory: name the file in it"):
        load(tmp_path, environ={})


def test_load_of_text_that_is_no_utf_8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_bytes(b"experiment: Gr\xfc\xdfe")

    with pytest.raises(FileProblems, match="1: is no text in UTF-8: save it as UTF-8"):
        load(path, environ={})
