"""Declared forms that somebody sends, by a page or the API, with the files that they name sent beside them.

Nothing else of this machine is read: neither its files nor its environment.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from experiments.files.document_nodes import BadDocument, ListNode, Node, ObjectNode, Problem, Scalar, key_path
from experiments.files.experiment_file import ExperimentFile, FileProblems, read_text
from experiments.files.yaml_document import parse

NAME = "document"
FILE = "file"
NO_FILES_IN = ("vars", "dataset.items", "dataset.input", "dataset.metadata")
"""Parts whose keys are the author's own: one that is called `file` names no file."""


@contextmanager
def sent_document(text: str, files: Mapping[str, bytes]) -> Iterator[ExperimentFile]:
    """Read a declared form while the block runs; `files` are found by their names. Raises FileProblems."""
    wanted = _referenced(text)
    missing = [_missing(node, files) for node in wanted if PurePosixPath(node.text).name not in files]
    if missing:
        raise FileProblems(NAME, missing)
    with tempfile.TemporaryDirectory(prefix="evalsite-") as folder:
        for node in wanted:
            _place(Path(folder), node, files)
        yield read_text(text, path=NAME, folder=Path(folder), environ={})


def _referenced(text: str) -> list[Scalar]:
    """Return the values of every key `file`; what is no document has none, and its reader says what is wrong."""
    try:
        root, _ = parse(text)
    except BadDocument:
        return []
    return list(_files_in(root))


def _files_in(node: Node, where: str = "") -> Iterator[Scalar]:
    if isinstance(node, ListNode):
        for item in node.items:
            yield from _files_in(item, where)
    elif isinstance(node, ObjectNode):
        for key, value in node.entries.items():
            path = key_path(where, key)
            if key == FILE and isinstance(value, Scalar):
                yield value
            elif path not in NO_FILES_IN and key != "params":
                yield from _files_in(value, path)


def _missing(node: Scalar, files: Mapping[str, bytes]) -> Problem:
    there = f"; sent are {', '.join(files)}" if files else ""
    return Problem(node.line, FILE, f'"{node.text}" was not sent: send it with the document{there}')


def _place(folder: Path, node: Scalar, files: Mapping[str, bytes]) -> None:
    """Write a file to where the document names it. Raises FileProblems for places outside of its folder."""
    named = PurePosixPath(node.text)
    if named.is_absolute() or ".." in named.parts or "\\" in node.text:
        raise FileProblems(
            NAME, [Problem(node.line, FILE, f'"{node.text}": name the file, without a path out of here')]
        )
    path = folder / named
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(files[named.name])
