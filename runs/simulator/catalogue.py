"""The models and the knowledge of a simulator, read from files; those that ship with the site are the default."""

import json
from pathlib import Path
from typing import Any

from runs.simulator.knowledge import Fact, Knowledge
from runs.simulator.models import SimulatedModel

MODELS_FILE = Path(__file__).with_name("models.json")
KNOWLEDGE_FILE = Path(__file__).with_name("knowledge.jsonl")


class CatalogueProblem(ValueError):
    """A file that is no catalogue; the text names the file, the place and what is wrong."""


def load_models(path: Path = MODELS_FILE) -> tuple[SimulatedModel, ...]:
    """Return the models of a JSON list of objects. Raises CatalogueProblem, or OSError where there is no file."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        models = tuple(SimulatedModel.from_json(values) for values in listed)
    except (ValueError, TypeError) as error:
        raise CatalogueProblem(f"{path}: {error}") from error
    names = [model.name for model in models]
    if not names or len(set(names)) < len(names):
        raise CatalogueProblem(f"{path}: lists at least one model, and no name twice")
    return models


def load_knowledge(path: Path = KNOWLEDGE_FILE) -> Knowledge:
    """Return the facts of a JSONL file: question, answer, wrong (a list); other fields are left alone.

    Raises CatalogueProblem, or OSError where there is no file.
    """
    facts = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                facts.append(_fact(path, number, line))
    return Knowledge(facts)


def _fact(path: Path, number: int, line: str) -> Fact:
    try:
        values: dict[str, Any] = json.loads(line)
        question, answer, wrong = values["question"], values["answer"], values["wrong"]
    except (ValueError, KeyError, TypeError) as error:
        raise CatalogueProblem(f"{path}:{number}: has question, answer and wrong ({error})") from error
    if not (isinstance(question, str) and question.strip() and isinstance(wrong, list) and wrong):
        raise CatalogueProblem(f"{path}:{number}: question is a text, wrong a list of at least one answer")
    return Fact(question, str(answer), tuple(str(other) for other in wrong))
