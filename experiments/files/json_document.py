"""Reading JSON as nodes that know their lines."""

import re
from bisect import bisect_right
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined] # the standard library's own, not in its stubs

from experiments.cleaning import clean_text
from experiments.files.document_nodes import (
    NUMBER,
    BadDocument,
    ListNode,
    Node,
    NodeCount,
    ObjectNode,
    Problem,
    Scalar,
    key_path,
)
from experiments.json_faults import fault_of

LITERALS = ("true", "false", "null")
BLANK = re.compile(r"[ \t\r\n]*")


def parse_json(text: str) -> tuple[Node, list[Problem]]:
    """Return the document, and the problems that do not keep it from being read. Raises BadDocument."""
    reader = _Reader(text)
    node, end = reader.value(0, "", 1)
    if end != len(text):
        raise reader.error(end, "there is more behind the end")
    return node, reader.problems


class _Reader:
    def __init__(self, text: str) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._count = NodeCount()
        self._ends = [found.end() for found in re.finditer("\n", text)]

    def error(self, index: int, sentence: str) -> BadDocument:
        """Return the error for what stands at an index."""
        return BadDocument(Problem(self._line(index), "", f"no JSON: {sentence}"))

    def value(self, index: int, where: str, depth: int) -> tuple[Node, int]:
        """Return the value behind an index, and the index behind it and the blanks that follow."""
        index = self._skip(index)
        line, start = self._line(index), self._text[index : index + 1]
        self._count.add(1, line=line, where=where, depth=depth)
        if start == "{":
            return self._object(index + 1, ObjectNode(line), where, depth)
        if start == "[":
            return self._list(index + 1, ListNode(line), where, depth)
        if start == '"':
            text, end = self._string(index + 1)
            return Scalar(line, text, is_plain=False), self._skip(end)
        text = next((word for word in LITERALS if self._text.startswith(word, index)), "")
        number = NUMBER.match(self._text, index)
        if not text and number is None:
            raise self.error(index, "a value is expected")
        text = text or (number.group() if number else "")
        return Scalar(line, text, is_plain=True), self._skip(index + len(text))

    def _object(self, index: int, node: ObjectNode, where: str, depth: int) -> tuple[Node, int]:
        index = self._skip(index)
        while not self._text.startswith("}", index) or node.entries:
            if not self._text.startswith('"', index):
                raise self.error(index, "a key in double quotes is expected")
            line = self._line(index)
            key, index = self._string(index + 1)
            path = key_path(where, key)
            value, index = self.value(self._expect(":", self._skip(index)), path, depth + 1)
            if key in node.entries:
                self.problems.append(Problem(line, path, "stands here twice"))
            node.entries.setdefault(key, value)
            node.lines.setdefault(key, line)
            if self._text.startswith("}", index):
                break
            index = self._skip(self._expect(",", index))
        return node, self._skip(index + 1)

    def _list(self, index: int, node: ListNode, where: str, depth: int) -> tuple[Node, int]:
        index = self._skip(index)
        while not self._text.startswith("]", index) or node.items:
            value, index = self.value(index, f"{where}[{len(node.items)}]", depth + 1)
            node.items.append(value)
            if self._text.startswith("]", index):
                break
            index = self._expect(",", index)
        return node, self._skip(index + 1)

    def _string(self, index: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self._text, index, True)
        except JSONDecodeError as error:
            raise self.error(error.pos, fault_of(error)) from None
        return clean_text(text), end

    def _expect(self, sign: str, index: int) -> int:
        if not self._text.startswith(sign, index):
            raise self.error(index, f'"{sign}" is expected')
        return index + 1

    def _skip(self, index: int) -> int:
        found = BLANK.match(self._text, index)
        return found.end() if found else index

    def _line(self, index: int) -> int:
        return bisect_right(self._ends, index) + 1
