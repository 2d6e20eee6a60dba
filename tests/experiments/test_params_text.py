"""Parameters as lines of a form."""

from typing import Any

import pytest

from experiments.actions import ActionRefused
from experiments.files.params_text import params_text, read_params


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", {}),
        ("temperature: 0.7\nmax_tokens: 512", {"temperature": 0.7, "max_tokens": 512}),
        ('{"seed": 7}', {"seed": 7}),
        ("stop: [a, b]\nextra_body: {top_k: 20}", {"stop": ["a", "b"], "extra_body": {"top_k": 20}}),
    ],
)
def test_read_params_takes_lines_and_json(text: str, params: dict[str, Any]) -> None:
    assert read_params(text) == params
    assert read_params(params_text(params)) == params


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("temperature: 3", "temperature: write a number from 0 to 2"),
        ("temprature: 0", 'did you mean "temperature"'),
        ("just words", "Write one a line, like temperature: 0"),
        ("a: b: c", "line 1"),
        ("seed: 1\nseed: 2", "line 2"),
    ],
)
def test_read_params_refuses_with_the_line_or_the_name(text: str, sentence: str) -> None:
    with pytest.raises(ActionRefused, match=sentence.replace("(", r"\(")) as refused:
        read_params(text)

    assert refused.value.field == "params"
