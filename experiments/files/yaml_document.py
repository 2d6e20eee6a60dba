"""Reading YAML or JSON as nodes that know their lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from experiments.cleaning import clean_text
from experiments.files.document_nodes import (
    BadDocument,
    ListNode,
    Node,
    NodeCount,
    ObjectNode,
    Problem,
    Scalar,
    key_path,
)
from experiments.files.json_document import parse_json

SIZE_LIMIT = 1024 * 1024
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
YAML_TAGS = "tag:yaml.org,2002:"


def parse(text: str, *, is_json: bool = False) -> tuple[Node, list[Problem]]:
    """Return the one document of a text, and the problems that do not keep it from being read.

    A text that is JSON is read as JSON, whatever it is called; with `is_json` it has to be. Raises BadDocument for
    what is neither, is too large, holds several documents, or an alias that contains itself.
    """
    if len(text.encode(errors="surrogatepass")) > SIZE_LIMIT:
        raise BadDocument(Problem(1, "", "the file is larger than 1 MiB: put items and texts into files of their own"))
    if is_json or text.lstrip().startswith("{"):
        try:
            return parse_json(text)
        except BadDocument:
            if is_json:
                raise
    unreadable = UNREADABLE.search(text)
    if unreadable is not None:
        line = text.count("\n", 0, unreadable.start()) + 1
        raise BadDocument(Problem(line, "", f"the character U+{ord(unreadable.group()):04X} is no text"))
    return _Builder().build(_events(text))


def _events(text: str) -> Iterator[Event]:
    """Yield the events of a YAML text. Raises BadDocument where it is none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        sentence = f"no YAML in line {line}, column {column}: {error.problem}"
        raise BadDocument(Problem(line, "", sentence)) from None
    except yaml.YAMLError as error:
        raise BadDocument(Problem(1, "", f"no YAML: {error}")) from None


@dataclass(slots=True)
class _Open:
    """A list or object whose end has not come yet."""

    node: ListNode | ObjectNode
    where: str
    anchor: str | None
    before: int
    """Nodes of the document before it."""
    key: tuple[str, int] | None = field(default=None)
    """In an object: the key whose value comes next, with its line."""


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias stands for, and how many nodes that is."""

    node: Node
    size: int


class _Builder:
    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._count = NodeCount()
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored | None] = {}
        self._root: Node | None = None

    def build(self, events: Iterator[Event]) -> tuple[Node, list[Problem]]:
        """Return the root and the problems found on the way."""
        for event in events:
            if isinstance(event, DocumentStartEvent) and self._root is not None:
                raise self._bad(event, "the file holds more than one document")
            if isinstance(event, NodeEvent):
                self._node(event)
            elif isinstance(event, CollectionEndEvent):
                self._close()
        if self._root is None or (isinstance(self._root, Scalar) and self._root.is_null):
            raise BadDocument(Problem(1, "", "the file is empty"))
        return self._root, self._problems

    def _node(self, event: NodeEvent) -> None:
        line, where = _line(event), self._where()
        if isinstance(event, AliasEvent):
            self._put(self._aliased(event, line, where), line)
            return
        self._count.add(1, line=line, where=where, depth=len(self._stack) + 1)
        tag = getattr(event, "tag", None)
        if tag is not None:
            written = f"!!{tag.removeprefix(YAML_TAGS)}" if tag.startswith(YAML_TAGS) else tag
            self._problems.append(Problem(line, where, f"the tag {written} is not read: write the value alone"))
        if isinstance(event, ScalarEvent):
            is_plain = event.style is None or event.style == ""
            self._put(self._kept(event, Scalar(line, clean_text(event.value), is_plain)), line)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._open(event, line, where)

    def _aliased(self, event: AliasEvent, line: int, where: str) -> Node:
        if event.anchor not in self._anchors:
            raise self._bad(event, f'there is no anchor "{event.anchor}" above')
        anchored = self._anchors[event.anchor]
        if anchored is None:
            raise self._bad(event, f'the alias "{event.anchor}" contains itself')
        self._count.add(anchored.size, line=line, where=where, depth=len(self._stack) + 1)
        return anchored.node

    def _kept(self, event: Any, node: Scalar) -> Scalar:
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(node, 1)
        return node

    def _open(self, event: MappingStartEvent | SequenceStartEvent, line: int, where: str) -> None:
        if self._stack and isinstance(self._stack[-1].node, ObjectNode) and self._stack[-1].key is None:
            raise self._bad(event, "a key is a text")
        node = ObjectNode(line) if isinstance(event, MappingStartEvent) else ListNode(line)
        self._stack.append(_Open(node, where, event.anchor, self._count.total - 1))
        if event.anchor is not None:
            self._anchors[event.anchor] = None

    def _close(self) -> None:
        closed = self._stack.pop()
        if closed.anchor is not None:
            self._anchors[closed.anchor] = _Anchored(closed.node, self._count.total - closed.before)
        self._put(closed.node, closed.node.line)

    def _put(self, node: Node, line: int) -> None:
        """Give a finished node to the list or object that is open, or make it the root."""
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if isinstance(parent.node, ListNode):
            parent.node.items.append(node)
        elif parent.key is None:
            if not isinstance(node, Scalar):
                raise BadDocument(Problem(line, parent.where, "a key is a text"))
            parent.key = (node.text, line)
        else:
            self._put_value(parent, parent.node, node, *parent.key)

    def _put_value(self, parent: _Open, owner: ObjectNode, node: Node, key: str, line: int) -> None:
        if key in owner.entries:
            self._problems.append(Problem(line, key_path(parent.where, key), "stands here twice"))
        owner.entries.setdefault(key, node)
        owner.lines.setdefault(key, line)
        parent.key = None

    def _where(self) -> str:
        """Return the path of the node that comes next."""
        if not self._stack:
            return ""
        parent = self._stack[-1]
        if isinstance(parent.node, ListNode):
            return f"{parent.where}[{len(parent.node.items)}]"
        return key_path(parent.where, parent.key[0]) if parent.key is not None else parent.where

    def _bad(self, event: Event, sentence: str) -> BadDocument:
        return BadDocument(Problem(_line(event), self._where(), sentence))


def _line(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1
