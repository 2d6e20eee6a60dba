"""The parts `prompt` and `prompts` of an experiment file."""

import json
from pathlib import Path
from typing import Any

import yaml

from experiments.file_fields import Fields
from experiments.templating import TemplateProblem, check_messages
from experiments.yaml_document import ListNode, Node, ObjectNode, Scalar, plain

TEXTS, LISTS = (".md", ".txt"), (".yaml", ".yml", ".json")
DEFAULT = "default"


def read_prompts(fields: Fields, folder: Path) -> dict[str, list[dict[str, str]]]:
    """Return checked messages by the prompt's name; `prompt:` is short for one named "default"."""
    if "prompt" in fields and "prompts" in fields:
        fields.problem("prompt", "prompt and prompts exclude each other")
    found = {}
    single = fields.get("prompt")
    if single is not None:
        found[DEFAULT] = _read(fields, single, "prompt", folder)
    for name, node, path in fields.entries("prompts"):
        found[name] = _read(fields, node, path, folder)
    return found


def _read(fields: Fields, node: Node, path: str, folder: Path) -> list[dict[str, str]]:
    try:
        return check_messages(_content(fields, node, path, folder))
    except TemplateProblem as problem:
        fields.problems.add(node, path, str(problem))
        return []


def _content(fields: Fields, node: Node, path: str, folder: Path) -> Any:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ObjectNode) and set(node.entries) == {"file"}:
        return _from_file(fields, node, path, folder)
    if isinstance(node, ListNode):
        return [_message(fields, item, f"{path}[{number}]", folder) for number, item in enumerate(node.items)]
    raise TemplateProblem("a prompt is a text, a list of messages, or {file: path}")


def _message(fields: Fields, node: Node, path: str, folder: Path) -> Any:
    if not isinstance(node, ObjectNode):
        return plain(node)
    content = node.entries.get("content")
    message = {key: value.text if isinstance(value, Scalar) else plain(value) for key, value in node.entries.items()}
    if isinstance(content, ObjectNode):
        message["content"] = _content(fields, content, f"{path}.content", folder)
    return message


def _from_file(fields: Fields, node: ObjectNode, path: str, folder: Path) -> Any:
    name = node.entries["file"]
    file = folder / (name.text if isinstance(name, Scalar) else "")
    ending = file.suffix.lower()
    if ending not in TEXTS + LISTS:
        raise TemplateProblem(f"{file.name}: a prompt is read from {', '.join(TEXTS + LISTS)}")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        fields.problems.add(node, path, f"is not there, or no text in UTF-8 (tried {file})")
        return "unread"
    if ending in TEXTS:
        return text
    try:
        return json.loads(text) if ending == ".json" else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise TemplateProblem(f"{file.name} cannot be read: {error}") from error
