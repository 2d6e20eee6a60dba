"""The candidates of an experiment file and their parameters."""

from pathlib import Path

import pytest

from tests.experiments.declared_files import declared, problems_of


@pytest.mark.parametrize(
    ("candidates", "names"),
    [
        ("[{model: a}]", ["a"]),
        ("[{model: a}, {model: b}]", ["a", "b"]),
        ("[{model: a}, {model: a, prompt: q}]", ["p", "q"]),
        ("[{model: a}, {model: b, params: {temperature: 0.7}}]", ["a", "b · temperature=0.7"]),
        ("[{model: a, name: x}, {model: a, params: {seed: 1}}]", ["x", "seed=1"]),
    ],
)
def test_load_of_candidates_names_them_by_what_differs(tmp_path: Path, candidates: str, names: list[str]) -> None:
    file = declared(
        tmp_path,
        prompt=None,
        prompts="{p: '{{ input }}', q: 'Q: {{ input }}'}",
        defaults="{provider: local, prompt: p}",
        candidates=candidates,
    )

    assert [candidate.name for candidate in file.candidates] == names


MATRIX = "{matrix: {model: [small, {provider: gateway, model: large}], prompt: [p, q], params.temperature: [0, 0.7]}"


def matrix_file(folder: Path, candidates: str) -> list[tuple[str, str, str, str, object]]:
    """Return (name, provider, model, prompt, temperature) of each candidate."""
    file = declared(
        folder,
        prompt=None,
        prompts="{p: '{{ input }}', q: 'Q: {{ input }}'}",
        providers='{local: {kind: openai, base_url: "http://a/v1"}, gateway: {kind: openai, base_url: "http://b/v1"}}',
        defaults="{provider: local, prompt: p, params: {max_tokens: 9}}",
        candidates=candidates,
    )
    return [(one.name, one.provider, one.model, one.prompt, one.params["temperature"]) for one in file.candidates]


def test_matrix_makes_every_combination_the_first_key_slowest(tmp_path: Path) -> None:
    found = matrix_file(tmp_path, f"[{MATRIX}}}]")

    assert [one[1:] for one in found] == [
        ("local", "small", "p", 0),
        ("local", "small", "p", 0.7),
        ("local", "small", "q", 0),
        ("local", "small", "q", 0.7),
        ("gateway", "large", "p", 0),
        ("gateway", "large", "p", 0.7),
        ("gateway", "large", "q", 0),
        ("gateway", "large", "q", 0.7),
    ]
    assert found[1][0] == "small · p · temperature=0.7"


def test_matrix_leaves_out_what_is_excluded(tmp_path: Path) -> None:
    found = matrix_file(tmp_path, f"[{MATRIX}, exclude: [{{model: small, params.temperature: 0.7}}, {{prompt: q}}]}}]")

    assert [one[1:] for one in found] == [
        ("local", "small", "p", 0),
        ("gateway", "large", "p", 0),
        ("gateway", "large", "p", 0.7),
    ]


def test_matrix_stands_beside_other_candidates_and_keeps_its_own_params(tmp_path: Path) -> None:
    file = declared(
        tmp_path,
        candidates="[{name: today, provider: local, model: m}, "
        "{provider: local, params: {seed: 1}, matrix: {model: [m, n], params.temperature: [1]}}]",
    )

    assert [one.name for one in file.candidates] == [
        "today",
        "m · seed=1 · temperature=1",
        "n · seed=1 · temperature=1",
    ]
    assert file.candidates[2].params == {"seed": 1, "temperature": 1}


def test_combination_that_is_written_out_too_is_that_candidate(tmp_path: Path) -> None:
    found = matrix_file(tmp_path, f"[{MATRIX}}}, {{name: today, model: small, params: {{temperature: 0}}}}]")

    assert len(found) == 8
    assert [one for one in found if one[1:] == ("local", "small", "p", 0)] == [("today", "local", "small", "p", 0)]


def test_equal_combinations_are_refused(tmp_path: Path) -> None:
    found = problems_of(tmp_path, candidates="[{matrix: {provider: [local], model: [m, n, m]}}]")

    assert found == ['e.yaml:5: candidates[0]: makes "m" twice']


def test_names_tell_the_provider_where_a_model_comes_from_several(tmp_path: Path) -> None:
    found = matrix_file(
        tmp_path, "[{matrix: {provider: [local, gateway], model: [small, large], params.temperature: [0]}}]"
    )

    assert [one[0] for one in found] == ["small · local", "large · local", "small · gateway", "large · gateway"]


@pytest.mark.parametrize(
    ("candidates", "problem"),
    [
        ("[{model: m}]", "candidates[0].provider: is required, here or under defaults"),
        ("[{provider: local}]", "candidates[0].model: is required, here or under defaults"),
        ("{provider: local}", "candidates: write a list"),
        ("[m]", "candidates[0]: write an object: keys with values"),
        (
            "[{provider: locl, model: m}]",
            'candidates[0].provider: there is no provider "locl" in the file; did you mean "local"?',
        ),
        ("[{provider: x, model: m}]", 'candidates[0].provider: there is no provider "x" in the file; there are local'),
        (
            "[{provider: local, model: m, prompt: x}]",
            'candidates[0].prompt: there is no prompt "x" in the file; there are default',
        ),
        ("[{provider: local, matrix: {}}]", "candidates[0].matrix: write keys with lists of values"),
        ("[{provider: local, matrix: {model: m}}]", "candidates[0].matrix.model: write a list of values"),
        ("[{provider: local, model: m, exclude: [{model: m}]}]", "candidates[0].exclude: goes with matrix"),
        (
            "[{matrix: {model: [m, n], provider: [local]}, exclude: [{model: o}]}]",
            "candidates[0].exclude: [0] excludes nothing",
        ),
        (
            "[{provider: local, name: x, matrix: {model: [m, n]}}]",
            "candidates[0].name: goes without matrix: combinations are named by what differs",
        ),
        (
            "[{provider: local, matrix: {model: [m], modl: [x]}}]",
            'candidates[0].matrix.modl: unknown key; did you mean "model"?',
        ),
        (
            "[{matrix: {model: [m, n], provider: [locl]}}]",
            'candidates[0].matrix.provider: there is no provider "locl" in the file; did you mean "local"?',
        ),
        (
            "[{provider: local, matrix: {model: [m], params.temperature: [0, 3]}}]",
            "candidates[0].matrix.params.temperature: write a number from 0 to 2",
        ),
        ("[{provider: local, model: m}, {provider: local, model: m}]", "candidates[1]: is the same as candidates[0]"),
        (
            "[{provider: local, model: m, name: a}, {provider: local, model: m, name: b, params: {seed: null}}]",
            "candidates[1]: is the same as candidates[0]",
        ),
        (
            "[{provider: local, model: m, name: a}, {provider: local, model: n, name: a}]",
            'candidates[1].name: "a" is the name of candidates[0]: give it another',
        ),
        ("[{provider: local, model: m, modl: x}]", 'candidates[0].modl: unknown key; did you mean "model"?'),
        ("[{provider: local, model: m, params: [x]}]", "candidates[0].params: write an object: keys with values"),
    ],
)
def test_load_of_wrong_candidates_says_where(tmp_path: Path, candidates: str, problem: str) -> None:
    assert problems_of(tmp_path, candidates=candidates) == [f"e.yaml:5: {problem}"]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("temperature: 3", "temperature: write a number from 0 to 2"),
        ("temperature: '0'", "temperature: write a number from 0 to 2"),
        ("temperature: true", "temperature: write a number from 0 to 2"),
        ("top_p: 1.1", "top_p: write a number from 0 to 1"),
        ("max_tokens: 0", "max_tokens: write a whole number from 1 to 10000000"),
        ("max_tokens: 1.5", "max_tokens: write a whole number from 1 to 10000000"),
        ("n: 129", "n: write a whole number from 1 to 128"),
        ("stream: 1", "stream: write true or false"),
        ("stop: [a, b, c, d, e]", "stop: write a text, or a list of up to four"),
        ("response_format: json", "response_format: write an object"),
        ("tools: {}", "tools: write a list"),
        ("extra_body: 3", "extra_body: write an object"),
        ("top_k: 3", 'top_k: unknown parameter: others go under extra_body; did you mean "top_p"?'),
    ],
)
def test_load_of_wrong_params_says_where(tmp_path: Path, params: str, problem: str) -> None:
    found = problems_of(tmp_path, candidates=f"[{{provider: local, model: m, params: {{{params}}}}}]")

    assert found == [f"e.yaml:5: candidates[0].params.{problem}"]


def test_parameter_that_a_kind_of_provider_has_not_is_a_problem_of_its_line(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        providers="{local: {kind: anthropic}}",
        defaults="{provider: local, params: {temperature: 1.5}}",
        candidates="[{model: m, params: {seed: 1, temperature: null}}, {model: m}]",
    )

    assert found == [
        "e.yaml:5: candidates[0].params.seed: is not taken by such providers: leave it out (kind: anthropic)",
        "e.yaml:5: candidates[1].params.temperature: is at most 1 with such providers (kind: anthropic)",
    ]


def test_parameters_of_a_provider_of_the_site_are_left_to_it(tmp_path: Path) -> None:
    file = declared(
        tmp_path, providers="{local: {use: theirs}}", candidates="[{provider: local, model: m, params: {seed: 1}}]"
    )

    assert file.candidates[0].params == {"seed": 1}
