"""The filters of prompt templates: those of Jinja2 that stay small, and our own where its would build large texts."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, pass_environment
from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined

MAX_TEXT_LENGTH = 4 * 1024 * 1024
MAX_DECIMALS = 15
MAX_INDENT = 8
KEPT_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length"),
    *("list", "lower", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string"),
    *("title", "trim", "unique", "upper", "wordcount"),
)


def as_text(value: Any) -> Any:
    """Return a value as a prompt shows it: texts as they are, null as "", lists and objects as JSON."""
    if isinstance(value, str | Undefined):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | Mapping | list | tuple):
        return to_json(value)
    if isinstance(value, int | float):
        return str(value)
    raise SecurityError("this is no value that can be shown; add |list or |join")


def to_json(value: Any, indent: int | None = None) -> str:
    """Return a value as JSON, letters kept as they are."""
    if isinstance(value, Undefined):
        str(value)
    if indent is not None and not 0 <= indent <= MAX_INDENT:
        raise SecurityError(f"tojson: indent is 0 to {MAX_INDENT}")
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_as_list)


def _as_list(value: Any) -> list[Any]:
    """Return what a filter yields as a list; a missing value raises Absent."""
    if isinstance(value, Undefined):
        str(value)
    return list(value)


def joined_text(values: Iterable[Any], separator: str = "") -> str:
    """Return the values as one text. Raises SecurityError before it gets too long."""
    texts, length = [], 0
    for value in values:
        text = str(as_text(value))
        length += len(text) + len(separator)
        if length > MAX_TEXT_LENGTH:
            raise SecurityError(f"a text would be longer than {MAX_TEXT_LENGTH:,} characters")
        texts.append(text)
    return separator.join(texts)


@pass_environment
def _join(environment: Environment, values: Iterable[Any], d: str = "", attribute: str | None = None) -> str:
    return joined_text(_map(environment, values, attribute) if attribute else values, d)


@pass_environment
def _map(environment: Environment, values: Iterable[Any], attribute: str) -> Iterator[Any]:
    for value in values:
        found = value
        for name in str(attribute).split("."):
            found = environment.getitem(found, int(name) if name.isdecimal() else name)
        yield found


def _replace(text: str, old: str, new: str) -> str:
    if not old:
        raise SecurityError("replace: the text to replace is empty")
    text = str(as_text(text))
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT_LENGTH:
        raise SecurityError(f"a text would be longer than {MAX_TEXT_LENGTH:,} characters")
    return text.replace(old, new)


def _truncate(text: str, length: int = 255, killwords: bool = False, end: str = "...") -> str:  # noqa: FBT001, FBT002
    """Return at most `length` characters, cut at a space unless `killwords`."""
    text = str(as_text(text))
    if len(text) <= length:
        return text
    cut = text[: max(0, length - len(end))]
    return (cut if killwords or " " not in cut else cut.rsplit(" ", 1)[0]) + end


def _round(value: float, decimals: int = 0) -> float:
    if not 0 <= decimals <= MAX_DECIMALS:
        raise SecurityError(f"round: decimals are 0 to {MAX_DECIMALS}")
    return round(float(value), decimals)


OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "join": _join,
    "map": _map,
    "replace": _replace,
    "round": _round,
    "tojson": to_json,
    "truncate": _truncate,
}
