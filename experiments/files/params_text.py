"""Parameters as people write them in a form: lines of YAML, as under `params` of an experiment file."""

from collections.abc import Mapping
from typing import Any

from experiments.actions.refusals import ActionRefused
from experiments.files.document_nodes import BadDocument, ObjectNode, plain
from experiments.files.writing import as_yaml
from experiments.files.yaml_document import parse
from experiments.params import check_params

EXAMPLE = "Write one a line, like temperature: 0"


def read_params(text: str) -> dict[str, Any]:
    """Return the parameters of a text. Raises ActionRefused naming the line or the parameter that does not fit."""
    if not text.strip():
        return {}
    try:
        root, problems = parse(text)
    except BadDocument as bad:
        raise ActionRefused("params", f"line {bad.problem.line}: {bad.problem.sentence}. {EXAMPLE}") from None
    if problems:
        raise ActionRefused("params", f"line {problems[0].line}: {problems[0].sentence}")
    if not isinstance(root, ObjectNode):
        raise ActionRefused("params", EXAMPLE)
    params: dict[str, Any] = plain(root)
    for name, sentence in check_params(params).items():
        raise ActionRefused("params", f"{name}: {sentence}")
    return params


def params_text(params: Mapping[str, Any]) -> str:
    """Return parameters as `read_params` reads them; "" for none."""
    return as_yaml(dict(params)) if params else ""
