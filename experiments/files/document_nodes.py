"""A document as nodes that know their lines; scalars stay the text that was written.

A YAML 1.1 reader turns `no` into false, 010 into 8 and 12:30 into 750. Here the key decides what a text means.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NODE_LIMIT = 10_000
DEPTH_LIMIT = 100
NULLS = ("", "~", "null", "Null", "NULL")
NUMBER = re.compile(r"-?(0|[1-9]\d{0,300})(\.\d+)?([eE][-+]?\d+)?")


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
        """What it means where the key does not say: JSON's literals and finite numbers, else the text."""
        if not self.is_plain:
            return self.text
        if self.text in NULLS:
            return None
        if self.text in ("true", "false"):
            return self.text == "true"
        if NUMBER.fullmatch(self.text):
            number = float(self.text) if set(self.text) & set(".eE") else int(self.text)
            return number if math.isfinite(number) else self.text
        return self.text

    @property
    def value_as_written(self) -> Any:
        """The value, but the text of a number that would be shown otherwise: 1.50 stays "1.50", 42 is 42."""
        value = self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return self.text if is_number and str(value) != self.text else value


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    line: int
    items: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object; keys in the order of the file."""

    line: int
    entries: "dict[str, Node]" = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Where each key stands."""


Node = Scalar | ListNode | ObjectNode


class NodeCount:
    """How many nodes a document has, aliases counted each time they stand for something."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, nodes: int, *, line: int, where: str, depth: int) -> None:
        """Count nodes. Raises BadDocument above the limits of number and depth."""
        self.total += nodes
        if self.total > NODE_LIMIT:
            sentence = f"more than {NODE_LIMIT:,} values, aliases counted each time: put items into a file"
            raise BadDocument(Problem(line, where, sentence))
        if depth > DEPTH_LIMIT:
            raise BadDocument(Problem(line, "", f"nested more than {DEPTH_LIMIT} deep"))


def plain(node: Node) -> Any:
    """Return a node as plain values."""
    return _converted(node, lambda scalar: scalar.value)


def as_written(node: Node) -> Any:
    """Return a node as plain values, numbers only where they look as they were written."""
    return _converted(node, lambda scalar: scalar.value_as_written)


def _converted(node: Node, value_of: Callable[[Scalar], Any]) -> Any:
    if isinstance(node, ObjectNode):
        return {key: _converted(value, value_of) for key, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [_converted(item, value_of) for item in node.items]
    return value_of(node)


def key_path(where: str, key: str) -> str:
    """Return the path of a key of the object at `where`."""
    return f"{where}.{key}" if where else key
