"""The prompts of an experiment file."""

from hashlib import sha256
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from experiments.files.writing import to_yaml
from experiments.media import data_uri
from tests.experiments.declared_files import declared, problems_of, text_with


def test_load_of_prompts_in_files_reads_texts_and_messages(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A: {{ input }}\n")
    (tmp_path / "b.yaml").write_text("- {role: system, content: no}\n- {role: user, content: {file: a.txt}}\n")
    (tmp_path / "c.json").write_text('[{"role": "user", "content": "{{ input }}"}]')

    file = declared(
        tmp_path,
        prompt=None,
        prompts="{a: {file: a.txt}, b: {file: b.yaml}, c: {file: c.json}}",
        candidates="[{provider: local, model: m, prompt: a}]",
    )

    assert file.prompts == {
        "a": [{"role": "user", "content": "A: {{ input }}\n"}],
        "b": [{"role": "system", "content": "no"}, {"role": "user", "content": "A: {{ input }}\n"}],
        "c": [{"role": "user", "content": "{{ input }}"}],
    }


def test_load_of_media_reads_the_files_of_the_user(tmp_path: Path, settings: Settings) -> None:
    settings.DATA_DIR = tmp_path / "data"
    large = b"x" * 100_000
    (tmp_path / "small.png").write_bytes(b"small")
    (tmp_path / "large.jpg").write_bytes(large)
    (tmp_path / "p.yaml").write_text("- {role: user, content: [Look, {type: image, file: small.png}]}\n")
    parts = (
        "['{{ input }}', {type: image, file: large.jpg}, {type: image, from: input}, {type: image, url: 'http://x'}]"
    )

    file = declared(
        tmp_path,
        prompt=None,
        prompts=f"{{a: {{file: p.yaml}}, b: [{{role: user, content: {parts}}}]}}",
        candidates="[{provider: local, model: m, prompt: a}]",
        dataset="{name: pictures, items: [{input: 'http://x/y.png'}]}",
        scorers="[{kind: regex, name: any, pattern: a}]",
    )

    kept = {"type": "image", "blob": sha256(large).hexdigest(), "media_type": "image/jpeg"}
    assert file.prompts == {
        "a": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image", "url": data_uri("image/png", b"small")},
                ],
            }
        ],
        "b": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "{{ input }}"},
                    kept,
                    {"type": "image", "url": "{{ input }}"},
                    {"type": "image", "url": "http://x"},
                ],
            }
        ],
    }
    assert declared(tmp_path, to_yaml(file)).prompts == file.prompts


def test_warnings_of_a_prompt_without_variables_say_so(tmp_path: Path) -> None:
    file = declared(tmp_path, prompt="Hello {{ vars.x }}", vars="{x: you}")

    assert file.warnings == ['the prompt "default" has no variable of the items: each item gets the same call']


@pytest.mark.parametrize(
    ("prompts", "problem"),
    [
        ("prompt: ''", "prompt: message 1: its content is empty"),
        ("prompt: '{{ expected }}'", "prompt: line 1: {{ expected }}: expected answers are never shown to a model"),
        ("prompt: '{{ x|foo }}'", 'prompt: line 1: there is no filter "foo"; there are '),
        ("prompt: []", "prompt: a prompt is a text or a list of at least one message with role and content"),
        ("prompt: {a: b}", "prompt: a prompt is a text, a list of messages, or {file: path}"),
        ("prompt: [{role: tool, content: x}]", 'prompt: message 1: role "tool" is not one of system, user, assistant'),
        ("prompt: [{role: user}]", "prompt[0]: a message has role and content, nothing else"),
        ("prompt: [{role: [user], content: x}]", "prompt[0].role: write a text"),
        (
            "prompt: [{role: user, content: [[x]]}]",
            "prompt[0].content[0]: a part is a text, or has a type",
        ),
        ("prompt: [{role: user, content: [{type: x}]}]", "prompt: message 1, part 1: a part is a text, or has a type"),
        (
            "prompt: [{role: user, content: [{type: image, file: p.doc}]}]",
            "prompt[0].content[0].file: a part of type",
        ),
        ("prompt: [{role: user, content: [{type: image, file: n.png}]}]", "prompt[0].content[0].file: is not there (t"),
        ("prompt: [{role: user, content: [{type: image, file: e.png}]}]", "prompt[0].content[0].file: e.png is empty"),
        ("prompt: [{role: user, content: [{type: image, url: a.png}]}]", 'prompt: line 1: "a.png" stands for no image'),
        ("prompt: {file: p.doc}", "prompt.file: a prompt is read from .md, .txt, .yaml, .yml, .json files"),
        ("prompt: {file: p.json}", "prompt.file: p.json, line 1: no JSON: a value is expected"),
        ("prompts: {p: ' '}", "prompts.p: message 1: its content is empty"),
        ("prompts: [a]", "prompts: write an object: keys with values"),
    ],
)
def test_load_of_a_wrong_prompt_says_where(tmp_path: Path, prompts: str, problem: str) -> None:
    (tmp_path / "p.json").write_text("nothing")
    (tmp_path / "e.png").write_bytes(b"")
    found = problems_of(
        tmp_path, text_with(prompt=None, candidates="[{provider: local, model: m, prompt: p}]") + prompts
    )

    assert found[-1].startswith(f"e.yaml:6: {problem}")


def test_load_of_a_prompt_file_that_is_not_there_names_the_path(tmp_path: Path) -> None:
    found = problems_of(tmp_path, prompt="{file: p.md}")

    assert found == [f"e.yaml:4: prompt.file: is not there (tried {tmp_path / 'p.md'})"]


def test_load_of_prompt_and_prompts_refuses_both(tmp_path: Path) -> None:
    found = problems_of(tmp_path, prompts="{p: x}", defaults="{prompt: p}")

    assert found == ["e.yaml:7: prompts: prompt and prompts exclude each other"]
