"""Paths into JSON: where in an answer something stands. Pure.

`choices[0].text` goes by names and numbers, `[-1]` is the last, `[*]` each one; `["a.b"]` is a name with signs in it;
`stop=length` finds only this value; `a | b` is what `a` finds, else what `b` does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

STEP = re.compile(r'\.?([A-Za-z0-9_$@-]+)|\[(-?\d+|\*)\]|\["([^"]+)"\]')
EACH = "*"
Step = str | int | None
"""A name, a number, or None for each one."""


class BadPath(ValueError):
    """A text that is no path; the sentence says how one is written."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way into a value."""

    steps: tuple[Step, ...]
    wanted: str | None = None
    """The one value to find; None: any but null."""

    def find(self, value: Any) -> list[Any]:
        """Return what is found, in order."""
        found = [one for one in _follow(value, self.steps) if one is not None]
        return found if self.wanted is None else [one for one in found if text_of(one) == self.wanted]


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path: its ways are tried in their order."""

    ways: tuple[Way, ...]

    def find(self, value: Any) -> list[Any]:
        """Return what the first way finds that finds anything; [] where nothing is."""
        return next((found for way in self.ways if (found := way.find(value))), [])

    def text(self, value: Any) -> str | None:
        """Return what is found as one text; None where nothing is."""
        found = self.find(value)
        return "".join(map(text_of, found)) if found else None


def compiled(path: str) -> JsonPath:
    """Return the path. Raises BadPath."""
    return JsonPath(tuple(_way(way.strip()) for way in path.split("|")))


def text_of(value: Any) -> str:
    """Return a value as text: texts as they are, others as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _way(text: str) -> Way:
    path, mark, wanted = text.partition("=")
    steps, position = [], 0
    while position < len(path.rstrip()):
        match = STEP.match(path, position)
        if match is None:
            raise BadPath(f'"{text}" is no path: write names and numbers, like choices[0].message.content')
        steps.append(_step(match))
        position = match.end()
    if not steps:
        raise BadPath("a path names something, like choices[0].message.content")
    return Way(tuple(steps), wanted.strip() if mark else None)


def _step(match: re.Match[str]) -> Step:
    name, number, quoted = match.groups()
    if number is None:
        return name or quoted
    return None if number == EACH else int(number)


def _follow(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    """Yield what is at the end of the steps; nothing where one leads nowhere."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        for one in value if isinstance(value, list) else ():
            yield from _follow(one, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and -len(value) <= step < len(value):
            yield from _follow(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _follow(value[step], rest)
