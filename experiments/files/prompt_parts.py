"""The parts of a message in an experiment file: texts, and media by address, by variable or from the user's files."""

from pathlib import Path
from typing import Any

from experiments.files.document_nodes import Node, ObjectNode, Scalar, key_path
from experiments.files.media_files import MIB, read_medium
from experiments.media import KINDS_SENTENCE, TYPES, BadPart
from experiments.media_store import part_of_bytes

LARGEST_BYTES = 20 * MIB


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
    try:
        media_type, data = read_medium(folder / values["file"], kind, largest=LARGEST_BYTES)
    except BadPart as bad:
        raise WrongPart(node.entries["file"], key_path(path, "file"), str(bad)) from None
    return part_of_bytes(kind, media_type, data)
