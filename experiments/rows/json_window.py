"""A JSON text read a value at a time: what lies behind is forgotten, so that a file of any size needs little memory."""

import json
import re
from typing import TextIO

from experiments.json_faults import fault_of
from experiments.rows.source_rows import UnreadableFile

READ_AT_ONCE = 256 * 1024
LONGEST_VALUE = 64 * 1024 * 1024  # characters; more than the largest item that a dataset takes
MEBI = 1024 * 1024
LENIENT = json.JSONDecoder(parse_int=str, strict=False)
SIGN = re.compile(r"[^ \t\r\n]")
TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
"""A whole string, a bracket, or the quote of a string that does not end here."""
BEHIND_SCALAR = re.compile(r"[\s,\]}]")


class JsonWindow:
    """The part of a text that is looked at. `line` is that of the sign that comes next, from 1."""

    def __init__(self, stream: TextIO) -> None:
        self.line = 1
        self._stream, self._text, self._index = stream, "", 0
        self._column = 0  # signs of the line before the index
        self._is_whole = False

    def sign(self) -> str:
        """Go to the next sign that is not blank, and return it; "": there is none."""
        while True:
            found = SIGN.search(self._text, self._index)
            self._pass(found.start() if found else len(self._text))
            if found or not self._read_on():
                return found[0] if found else ""

    def take(self, sign: str) -> bool:
        """Go behind this sign where it is the next one; False: another one is."""
        if self.sign() != sign:
            return False
        self._pass(self._index + 1)
        return True

    def value(self) -> str:
        """Return the text of the value that begins at the next sign, and go behind it. Raises UnreadableFile."""
        while (end := self._known_end()) is None and self._read_on():
            if len(self._text) > LONGEST_VALUE:
                raise UnreadableFile(
                    f"the value in line {self.line} has no end within {LONGEST_VALUE // MEBI} MiB: is a bracket or a "
                    "quote missing?"
                )
        start = self._index
        self._pass(self._end() if end is None else end)
        return self._text[start : self._index]

    def _known_end(self) -> int | None:
        """Return where the value at the index ends; None: more has to be read to know it. Raises UnreadableFile."""
        if self._is_scalar and not self._holds_value():
            return None
        try:
            return self._end()
        except UnreadableFile:
            if self._holds_value():
                raise
            return None

    @property
    def _is_scalar(self) -> bool:
        """Whether the value at the index is neither a string nor within brackets."""
        return self._text[self._index : self._index + 1] not in ("{", "[", '"')

    def _holds_value(self) -> bool:
        """Return whether the value at the index ends within the window, as far as brackets and quotes tell."""
        if self._is_scalar:
            return BEHIND_SCALAR.search(self._text, self._index) is not None
        depth = 0
        for token in TOKEN.finditer(self._text, self._index):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if token[0] == '"':
                return False
            if depth <= 0:
                return True
        return False

    def _end(self) -> int:
        """Return where the value at the index ends."""
        try:
            return LENIENT.raw_decode(self._text, self._index)[1]
        except json.JSONDecodeError as error:
            raise UnreadableFile(f"no JSON: {fault_of(error)} in {self._place(error.pos)}") from error
        except RecursionError as error:
            raise UnreadableFile(f"the value in line {self.line} is nested too deeply") from error

    def _place(self, position: int) -> str:
        """Return line and column of a sign behind the index."""
        lines = self._text.count("\n", self._index, position)
        before = self._column + position - self._index
        column = position - self._text.rfind("\n", self._index, position) if lines else before + 1
        return f"line {self.line + lines}, column {column}"

    def _pass(self, end: int) -> None:
        lines = self._text.count("\n", self._index, end)
        self.line += lines
        begun = self._text.rfind("\n", self._index, end) + 1 if lines else self._index - self._column
        self._index, self._column = end, end - begun

    def _read_on(self) -> bool:
        """Forget what lies behind and read as much again as is left; False: there is no more."""
        if self._is_whole:
            return False
        self._text, self._index = self._text[self._index :], 0
        piece = self._stream.read(max(READ_AT_ONCE, len(self._text)))
        self._is_whole = not piece
        self._text += piece
        return bool(piece)
