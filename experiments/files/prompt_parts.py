"""The parts of a message in an experiment file: texts, and media by address, by variable or from the user's files."""

from pathlib import Path
from typing import Any

from experiments.files.document_nodes import Node, ObjectNode, Scalar, key_path
from experiments.media import KINDS_SENTENCE, TYPES
from experiments.media_store import part_of_bytes

LARGEST_BYTES = 20 * 1024 * 1024


class WrongPart(ValueError):
    """What is wrong with a part of a prompt, and where."""

    def __init__(self, node: Node, where: str, sentence: str) -> None:
        super().__init__(sentence)
        self.node, self.where = node, where


def part_in(node: Node, path: str, folder: Path) -> Any:
    """Return a part as check_messages takes it; a file of the user's is read. Raises WrongPart."""
    if isinstance(node, Scalar):
        return node.text
    if not isinstance(node, ObjectNode) or not all(isinstance(value, Scalar) for value in node.entries.values()):
        raise WrongPart(node, path, KINDS_SENTENCE)
    values = {key: value.text for key, value in node.entries.items() if isinstance(value, Scalar)}
    kind = values.get("type", "")
    if set(values) != {"type", "file"} or kind not in TYPES:
        return values
    return part_of_file(folder / values["file"], kind, node.entries["file"], key_path(path, "file"))


def part_of_file(file: Path, kind: str, node: Node, where: str) -> dict[str, Any]:
    """Return the part that a file's bytes make. Raises WrongPart."""
    media_type = TYPES[kind].get(file.suffix.lower())
    if media_type is None:
        raise WrongPart(node, where, f"a part of type {kind} is read from {', '.join(TYPES[kind])} files")
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise WrongPart(node, where, f"{file.name} is larger than {LARGEST_BYTES // 1024 // 1024} MiB")
        data = file.read_bytes()
    except OSError:
        raise WrongPart(node, where, f"is not there (tried {file})") from None
    if not data:
        raise WrongPart(node, where, f"{file.name} is empty")
    return part_of_bytes(kind, media_type, data)
