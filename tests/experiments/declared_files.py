"""Experiment files for tests: a small one that is right, and what is said about its variations."""

from pathlib import Path
from typing import Any

import pytest

from experiments.files.experiment_file import ExperimentFile, FileProblems, read_text

BASE = {
    "experiment": "capitals",
    "dataset": "{name: capitals, items: [{input: a, expected: b}, {input: c, tags: x}]}",
    "providers": '{local: {kind: openai, base_url: "http://127.0.0.1:1/v1"}}',
    "prompt": '"{{ input }}"',
    "candidates": "[{provider: local, model: m}]",
    "scorers": "[{kind: contains, name: correct}]",
}


def text_with(**changes: str | None) -> str:
    """The base document with other values, one key a line; None leaves a key out."""
    return "".join(f"{key}: {value}\n" for key, value in {**BASE, **changes}.items() if value is not None)


def declared(folder: Path, text: str = "", environ: dict[str, str] | None = None, **changes: Any) -> ExperimentFile:
    return read_text(text or text_with(**changes), path="e.yaml", folder=folder, environ=environ or {})


def problems_of(folder: Path, text: str = "", environ: dict[str, str] | None = None, **changes: Any) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        declared(folder, text, environ, **changes)
    return str(caught.value).splitlines()
