"""Reading YAML or JSON as nodes that know their lines; scalars stay the text that was written.

A YAML 1.1 reader turns `no` into false, 010 into 8 and 12:30 into 750. Here the key decides what a text means.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

SIZE_LIMIT = 1024 * 1024
NODE_LIMIT = 10_000
NULLS = ("", "~", "null", "Null", "NULL")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file, and where."""

    line: int
    where: str
    """The path of keys, like candidates[1].model; "": the document."""
    sentence: str


class BadDocument(ValueError):
    """A text that is no document at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, true, false or null, as it was written."""

    line: int
    text: str
    is_plain: bool
    """Whether it was written without quotes."""

    @property
    def is_null(self) -> bool:
        """Whether it stands for nothing."""
        return self.is_plain and self.text in NULLS

    @property
    def value(self) -> Any:
        """What it means where the key does not say: JSON's literals and numbers, else the text."""
        if not self.is_plain:
            return self.text
        if self.text in NULLS:
            return None
        if self.text in ("true", "false"):
            return self.text == "true"
        if NUMBER.fullmatch(self.text):
            return float(self.text) if set(self.text) & set(".eE") else int(self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    line: int
    items: "list[Node]"


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object; keys in the order of the file."""

    line: int
    entries: "dict[str, Node]" = field(default_factory=dict)


Node = Scalar | ListNode | ObjectNode


def parse(text: str) -> tuple[Node, list[Problem]]:
    """Return the one document of a text, and the problems that do not keep it from being read.

    Raises BadDocument for what is no YAML, too large, several documents, or an alias that contains itself.
    """
    if len(text.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise BadDocument(Problem(1, "", "the file is larger than 1 MiB"))
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise BadDocument(Problem(mark.line + 1 if mark else 1, "", f"no YAML: {error.problem}")) from None
    except yaml.YAMLError as error:
        raise BadDocument(Problem(1, "", f"no YAML: {error}")) from None
    if len(roots) != 1:
        sentence = "the file is empty" if not roots else "the file holds more than one document"
        raise BadDocument(Problem(1, "", sentence))
    builder = _Builder()
    return builder.build(roots[0], "", ()), builder.problems


class _Builder:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._count = 0

    def build(self, node: yaml.Node, where: str, above: tuple[int, ...]) -> Node:
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > NODE_LIMIT:
            raise BadDocument(Problem(line, where, f"more than {NODE_LIMIT:,} values, aliases counted each time"))
        if id(node) in above:
            raise BadDocument(Problem(line, where, "an alias that contains itself"))
        if node.tag and not node.tag.startswith("tag:yaml.org,2002:"):
            self.problems.append(Problem(line, where, f"the tag {node.tag} is not allowed"))
        inside = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return ObjectNode(line, self._entries(node, where, inside))
        if isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            return ListNode(line, [self.build(item, f"{where}[{number}]", inside) for number, item in items])
        return Scalar(line, node.value, node.style is None)

    def _entries(self, node: yaml.MappingNode, where: str, above: tuple[int, ...]) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(line, where, "a key is a text"))
                continue
            key = key_node.value
            path = f"{where}.{key}" if where else key
            if key in entries:
                self.problems.append(Problem(line, path, f'the key "{key}" stands here twice'))
                continue
            entries[key] = self.build(value_node, path, above)
        return entries


def plain(node: Node) -> Any:
    """Return a node as plain values."""
    if isinstance(node, ObjectNode):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return node.value
