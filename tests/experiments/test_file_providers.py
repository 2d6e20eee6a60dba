"""The providers of an experiment file."""

from pathlib import Path

import pytest

from tests.experiments.declared_files import declared, problems_of

KINDS = "openai, anthropic, gemini, http, python, replay, simulator"


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ("{kind: openai}", "base_url: is required"),
        (
            "{kind: openai, base_url: localhost}",
            "base_url: write the URL of the endpoint, like http://127.0.0.1:11434/v1",
        ),
        ("{kind: opnai}", f'kind: unknown kind "opnai"; there are {KINDS}; did you mean "openai"?'),
        ("{kind: openai, base_url: http://x, api_key: k}", "api_key: keys are named, never written: api_key_env: NAME"),
        (
            "{kind: openai, base_url: http://x, api_key_env: sk-1}",
            "api_key_env: is no name of a variable; keys are named, never written: api_key_env: NAME",
        ),
        (
            "{kind: openai, base_url: '${NOPE}'}",
            "base_url: the variable NOPE is not set; set it, or write a default: ${NOPE:-...}",
        ),
        ("{kind: openai, base_url: http://x, max_in_flight: 0}", "max_in_flight: write a whole number from 1 to 10000"),
        ("{kind: openai, base_url: http://x, timeout_s: 0}", "timeout_s: write a number of at least 0.1"),
        ("{kind: openai, base_url: http://x, prices: {m: {input: 1}}}", "prices.m.output: is required"),
        (
            "{kind: openai, base_url: http://x, prices: {m: {input: 1, output: -1}}}",
            "prices.m.output: write a number of at least 0",
        ),
        ("{kind: openai, base_url: http://x, headers: {A: [b]}}", "headers.A: write a text of one line"),
        ('{kind: openai, base_url: http://x, headers: {A: "b\\nc"}}', "headers.A: write a text of one line"),
        ("{kind: openai, base_url: http://x, file: y}", "file: goes with kind: replay"),
        (
            "{kind: openai, base_url: http://x, max_inflight: 3}",
            'max_inflight: unknown key; did you mean "max_in_flight"?',
        ),
        ("{use: team, kind: openai}", "kind: goes without use: a provider of the site has its own"),
    ],
)
def test_load_of_a_wrong_provider_says_where(tmp_path: Path, provider: str, problem: str) -> None:
    found = problems_of(tmp_path, providers=f"{{local: {provider}}}")

    assert found[0] == f"e.yaml:3: providers.local.{problem}"


def test_load_of_recorded_outputs_names_their_file_and_fields(tmp_path: Path) -> None:
    (tmp_path / "outputs.jsonl").write_text('{"id": "a", "answer": "b"}\n')

    provider = "{kind: replay, file: outputs.jsonl, key: id, output: answer}"
    part = declared(tmp_path, providers=f"{{local: {provider}}}").providers["local"]

    assert (part.kind, part.base_url, part.file) == ("replay", "", tmp_path / "outputs.jsonl")
    assert (part.options["key"], part.options["output"]) == ("id", "answer")


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ("{kind: replay}", "file: is required"),
        ("{kind: replay, file: o.jsonl}", "file: is not there (tried "),
        ("{kind: replay, file: items.jsonl, keey: id}", 'keey: unknown key; did you mean "key"?'),
    ],
)
def test_load_of_wrong_recorded_outputs_says_where(tmp_path: Path, provider: str, problem: str) -> None:
    (tmp_path / "items.jsonl").touch()

    found = problems_of(tmp_path, providers=f"{{local: {provider}}}")

    assert [line.startswith(f"e.yaml:3: providers.local.{problem}") for line in found] == [True]


def test_load_of_variables_with_defaults_takes_what_is_set(tmp_path: Path) -> None:
    providers = """
  local:
    kind: openai
    base_url: ${HOST:-http://d}/v1
    max_in_flight: ${N:-3}
    timeout_s: ${S:-9}"""

    unset = declared(tmp_path, providers=providers).providers["local"]
    chosen = declared(tmp_path, environ={"HOST": "http://s", "N": "5"}, providers=providers).providers["local"]

    assert (unset.base_url, unset.max_in_flight, unset.timeout_s) == ("http://d/v1", 3, 9.0)
    assert (chosen.base_url, chosen.max_in_flight) == ("http://s/v1", 5)


def test_templates_of_an_http_provider_keep_their_shape(tmp_path: Path) -> None:
    body = '{question: "{{ prompt }}", heat: 0.70, turns: ["{{ messages }}"]}'

    part = declared(tmp_path, providers=f'{{local: {{kind: http, base_url: "http://x", body: {body}, text: a.b}}}}')

    options = part.providers["local"].options
    assert options["body"] == {"question": "{{ prompt }}", "heat": 0.7, "turns": ["{{ messages }}"]}
    assert (options["text"], options["method"]) == ("a.b", "POST")


@pytest.mark.parametrize(
    ("provider", "problem"),
    [
        ("{kind: http}", "base_url: is required"),
        ("{kind: http, base_url: 'http://x', body: {q: '{{ expected }}'}}", "body: there is no"),
        ("{kind: http, base_url: 'http://x', text: a..b}", 'text: "a..b" is no path'),
    ],
)
def test_load_of_a_wrong_http_provider_says_where(tmp_path: Path, provider: str, problem: str) -> None:
    found = problems_of(tmp_path, providers=f"{{local: {provider}}}")

    assert found[0].startswith(f"e.yaml:3: providers.local.{problem}")
