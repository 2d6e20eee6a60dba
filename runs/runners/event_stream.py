"""Server-sent events: bytes cut anywhere become events. Pure.

Source: the HTML standard, section 9.2 "Server-sent events"; `id` and `retry` mean nothing here and are passed over.
"""

import re
from collections.abc import AsyncIterator
from typing import NamedTuple

BOM = b"\xef\xbb\xbf"
LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(NamedTuple):
    """One event."""

    name: str
    """The event's type; "" where the stream names none."""
    data: bytes
    """Its data lines, joined by line feeds, as they came: UTF-8, if the sender keeps to the standard."""


class EventReader:
    """Takes the bytes of an event stream as they come and gives whole events in their order."""

    __slots__ = ("_data", "_is_after_return", "_is_at_start", "_name", "_rest")

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """Pieces of the line that is not whole yet."""
        self._data: list[bytes] = []
        self._name = ""
        self._is_at_start = True
        self._is_after_return = False
        """Whether the last piece ended with a carriage return, whose line feed may still come."""

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that are whole with this piece."""
        if self._is_after_return and piece:
            self._is_after_return = False
            piece = piece.removeprefix(b"\n")
        if b"\n" not in piece and b"\r" not in piece:
            self._rest.append(piece)
            return []
        self._is_after_return = piece.endswith(b"\r")
        *lines, rest = LINE_END.split(b"".join([*self._rest, piece]))
        self._rest = [rest]
        return [event for line in lines if (event := self._take(line))]

    def finish(self) -> list[Event]:
        """Return the event that the stream ended in: senders forget the blank line behind the last one."""
        event = self._take(b"".join(self._rest)) or self._take(b"")
        self._rest = []
        return [event] if event else []

    def _take(self, line: bytes) -> Event | None:
        """Read one line; return the event that it ends."""
        if self._is_at_start:
            self._is_at_start, line = False, line.removeprefix(BOM)
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.removeprefix(b" ").decode(errors="replace")
        return None

    def _dispatch(self) -> Event | None:
        event = Event(self._name, b"\n".join(self._data)) if self._data else None
        self._data, self._name = [], ""
        return event


async def events_of(pieces: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Yield the events of a body that comes in pieces."""
    reader = EventReader()
    async for piece in pieces:
        for event in reader.feed(piece):
            yield event
    for event in reader.finish():
        yield event
