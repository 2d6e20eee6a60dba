"""Reading the keys of one object of an experiment file by their types; every problem is noted, none stops it."""

import difflib
import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from experiments.files.document_nodes import ListNode, Node, ObjectNode, Problem, Scalar, as_written, key_path, plain

LONGEST_NAME = 200

REQUIRED = "is required"


class Problems:
    """What was found wrong so far."""

    def __init__(self, found: Iterable[Problem] = ()) -> None:
        self.found = list(found)

    def add(self, at: Node | int, where: str, sentence: str) -> None:
        """Note one problem at a node or a line; the same one twice is noted once."""
        problem = Problem(at if isinstance(at, int) else at.line, where, sentence)
        if problem not in self.found:
            self.found.append(problem)


def suggestion(name: str, known: Collection[str]) -> str:
    """Return `; did you mean "…"?` for a near miss, else ""."""
    near = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


class Fields:
    """One object of the file; what is read is ticked off, what is left over is unknown."""

    def __init__(self, node: Node, where: str, problems: Problems) -> None:
        self.node, self.where, self.problems = node, where, problems
        self._read: set[str] = set()
        self._entries = node.entries if isinstance(node, ObjectNode) else {}
        if not isinstance(node, ObjectNode):
            problems.add(node, where, "write an object: keys with values")

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def path(self, key: str) -> str:
        """Return the path of a key."""
        return key_path(self.where, key)

    def line(self, key: str) -> int:
        """Return the line of a key, or of the whole object where the key is not there."""
        lines = self.node.lines if isinstance(self.node, ObjectNode) else {}
        return lines.get(key, self.node.line)

    def problem(self, key: str, sentence: str) -> None:
        """Note what is wrong with a key, or with the whole object where the key is not there."""
        self.problems.add(self.line(key), self.path(key), sentence)

    def get(self, key: str) -> Node | None:
        """Return the node of a key; None: absent, or null."""
        self._read.add(key)
        node = self._entries.get(key)
        return None if node is None or (isinstance(node, Scalar) and node.is_null) else node

    def required(self, key: str) -> None:
        """Note a problem when a key is absent, or holds nothing."""
        node = self.get(key)
        if node is None or (isinstance(node, Scalar) and not node.text.strip()):
            self.problem(key, REQUIRED)

    def text(self, key: str, default: str = "", *, longest: int | None = None) -> str:
        """Return a text, as it was written."""
        node = self.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar):
            self.problem(key, "write a text")
            return default
        if longest is not None and len(node.text) > longest:
            self.problem(key, f"is longer than {longest} characters")
        return node.text

    def choice(self, key: str, choices: Collection[str], default: str) -> str:
        """Return one of the choices."""
        text = self.text(key, default)
        if text not in choices:
            self.problem(key, f'"{text}" is none of {", ".join(choices)}{suggestion(text, choices)}')
            return default
        return text

    def number(
        self, key: str, *, low: float = -math.inf, high: float = math.inf, default: float | None = None
    ) -> float | None:
        """Return a finite number within bounds."""
        node = self.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        bounds = f" of at least {low:g}" if high == math.inf and low > -math.inf else ""
        self.problem(key, f"write a number{f' from {low:g} to {high:g}' if high < math.inf else bounds}")
        return default

    def whole(self, key: str, *, low: int = 1, high: int | None = None, default: int | None = None) -> int | None:
        """Return a whole number within bounds."""
        node = self.get(key)
        if node is None:
            return default
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
            bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
            self.problem(key, f"write a whole number {bounds}")
            return default
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        node = self.get(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or node.text not in ("true", "false"):
            self.problem(key, "write true or false")
            return default
        return node.text == "true"

    def texts(self, key: str) -> list[str]:
        """Return a list of texts; one text stands for a list of one."""
        node = self.get(key)
        if node is None:
            return []
        nodes = node.items if isinstance(node, ListNode) else [node]
        if not all(isinstance(item, Scalar) for item in nodes):
            self.problem(key, "write a list of texts")
            return []
        return [item.text for item in nodes if isinstance(item, Scalar)]

    def plain(self, key: str, default: Any = None) -> Any:
        """Return whatever stands there, as plain values."""
        node = self.get(key)
        return default if node is None else plain(node)

    def object(self, key: str) -> dict[str, Any]:
        """Return an object as plain values."""
        return {name: plain(node) for name, node, _ in self.entries(key)}

    def written(self, key: str) -> dict[str, Any]:
        """Return an object as plain values, numbers only where they look as they were written."""
        return {name: as_written(node) for name, node, _ in self.entries(key)}

    def entries(self, key: str) -> Iterator[tuple[str, Node, str]]:
        """Yield (name, node, path) of an object's keys."""
        node = self.get(key)
        if isinstance(node, ObjectNode):
            for name, value in node.entries.items():
                yield name, value, key_path(self.path(key), name)
        elif node is not None:
            self.problem(key, "write an object: keys with values")

    def items(self, key: str) -> Iterator[tuple[Node, str]]:
        """Yield (node, path) of a list's items."""
        node = self.get(key)
        if isinstance(node, ListNode):
            for number, item in enumerate(node.items):
                yield item, f"{self.path(key)}[{number}]"
        elif node is not None:
            self.problem(key, "write a list")

    def inner(self, key: str) -> "Fields":
        """Return the object under a key as fields of its own; an absent one is empty."""
        node = self.get(key)
        return Fields(node if node is not None else ObjectNode(self.line(key)), self.path(key), self.problems)

    def not_yet(self, *keys: str) -> None:
        """Note the keys that a later release takes."""
        for key in keys:
            if self.get(key) is not None:
                self.problem(key, "not yet")

    def done(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._entries:
            if key not in self._read:
                self.problem(key, f"unknown key{suggestion(key, self._read)}")

    def left(self) -> dict[str, Node]:
        """Return the keys that nobody asked for, and tick them off."""
        rest = {key: node for key, node in self._entries.items() if key not in self._read}
        self._read |= set(rest)
        return rest
