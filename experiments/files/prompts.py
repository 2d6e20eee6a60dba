"""The parts `prompt` and `prompts` of an experiment file."""

from pathlib import Path
from typing import Any

from experiments.files.document_nodes import BadDocument, ListNode, Node, ObjectNode, Scalar, key_path
from experiments.files.fields import LONGEST_NAME, Fields
from experiments.files.prompt_parts import WrongPart, part_in
from experiments.files.yaml_document import SIZE_LIMIT, parse
from experiments.media_store import media_apart
from experiments.templating import TemplateProblem, check_messages

TEXTS, LISTS = (".md", ".txt"), (".yaml", ".yml", ".json")
DEFAULT = "default"
CONTENT_SENTENCE = "write a text, a list of parts, or {file: path} of a .md or .txt file"


def read_prompts(fields: Fields, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return checked messages by the prompt's name; `prompt:` is short for one named "default".

    A prompt that is wrong has no messages.
    """
    if "prompt" in fields and "prompts" in fields:
        fields.problem("prompts", "prompt and prompts exclude each other")
    found = {}
    single = fields.get("prompt")
    if single is not None:
        found[DEFAULT] = _read(fields, single, "prompt", folder)
    for name, node, path in fields.entries("prompts"):
        if not 0 < len(name.strip()) <= LONGEST_NAME:
            fields.problems.add(node, path, f"a prompt's name has 1 to {LONGEST_NAME} characters")
        found[name] = _read(fields, node, path, folder)
    return found


def _read(fields: Fields, node: Node, path: str, folder: Path) -> list[dict[str, Any]]:
    try:
        return media_apart(check_messages(_messages(node, path, folder), known_blobs=None), "content")
    except WrongPart as wrong:
        fields.problems.add(wrong.node, wrong.where, str(wrong))
    except TemplateProblem as problem:
        fields.problems.add(node, path, str(problem))
    return []


def _messages(node: Node, path: str, folder: Path) -> Any:
    """Return a prompt as check_messages takes it. Raises WrongPart."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, ListNode):
        return [_message(item, f"{path}[{number}]", folder) for number, item in enumerate(node.items)]
    if set(node.entries) != {"file"}:
        raise WrongPart(node, path, "a prompt is a text, a list of messages, or {file: path}")
    return _from_file(node, path, folder)


def _message(node: Node, path: str, folder: Path) -> dict[str, Any]:
    if not isinstance(node, ObjectNode) or set(node.entries) != {"role", "content"}:
        raise WrongPart(node, path, "a message has role and content, nothing else")
    role, content = node.entries["role"], node.entries["content"]
    if not isinstance(role, Scalar):
        raise WrongPart(role, f"{path}.role", "write a text")
    if isinstance(content, ListNode):
        where = f"{path}.content"
        parts = [part_in(item, f"{where}[{number}]", folder) for number, item in enumerate(content.items)]
        return {"role": role.text, "content": parts}
    text = content.text if isinstance(content, Scalar) else _messages(content, f"{path}.content", folder)
    if not isinstance(text, str):
        raise WrongPart(content, f"{path}.content", CONTENT_SENTENCE)
    return {"role": role.text, "content": text}


def _from_file(node: ObjectNode, path: str, folder: Path) -> Any:
    named, where = node.entries["file"], key_path(path, "file")
    file = folder / (named.text if isinstance(named, Scalar) else "")
    ending = file.suffix.lower()
    if ending not in TEXTS + LISTS:
        raise WrongPart(named, where, f"a prompt is read from {', '.join(TEXTS + LISTS)} files")
    text = _text_of(file, named, where)
    if ending in TEXTS:
        return text
    try:
        root, problems = parse(text, is_json=ending == ".json")
    except BadDocument as bad:
        raise WrongPart(named, where, f"{file.name}, line {bad.problem.line}: {bad.problem.sentence}") from None
    if problems:
        raise WrongPart(named, where, f"{file.name}, line {problems[0].line}: {problems[0].sentence}")
    if isinstance(root, ObjectNode):
        raise WrongPart(named, where, f"{file.name} holds no text and no list of messages")
    return _messages(root, path, file.parent)


def _text_of(file: Path, node: Node, where: str) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongPart(node, where, f"{file.name} is no text in UTF-8") from None
    except OSError:
        raise WrongPart(node, where, f"is not there (tried {file})") from None
    if len(text) > SIZE_LIMIT:
        raise WrongPart(node, where, f"{file.name} is larger than 1 MiB")
    return text
