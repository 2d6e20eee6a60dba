"""Callables of installed packages that answer for a provider: which may be named, and where they are.

Importing a module runs it. The command line may name any, since whoever runs it could run the code without us; a page
or an API call may name only what the operator listed, or what an installed package offers: an editor could else have
the server run whatever is importable.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

GROUP = "evalsite.callables"
PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
GIVEN = ("model", "params", "key", "sample", "api_key", "base_url")
"""What a callable is given beside the messages, as far as it names it."""


class NoCallable(Exception):
    """There is nothing to call; the sentence says why and what to do."""


def is_listed(path: str) -> bool:
    """Return whether anybody who edits providers may name this callable."""
    return path in settings.CALLABLES or path in _offered()


@cache
def _offered() -> frozenset[str]:
    """Return what installed packages offer; that does not change while a process lives."""
    return frozenset(point.value.replace(":", ".") for point in entry_points(group=GROUP))


@dataclass(frozen=True, slots=True)
class Answering:
    """A callable that answers, and how it wants to be called."""

    function: Callable[..., Any]
    names: tuple[str, ...]
    """Which of the values beside the messages it takes."""
    streams: bool
    """Whether it gives its answer piece by piece: an async generator."""


def found(path: str) -> Answering:
    """Return the callable of a dotted path. Raises NoCallable."""
    if not PATH.fullmatch(path):
        raise NoCallable("name an async callable of an installed package: callable: package.module.function")
    try:
        function = import_string(path)
    except Exception as error:  # whatever a module raises while it runs
        raise NoCallable(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if not callable(function):
        raise NoCallable(f"{path} is no callable")
    called = function if inspect.isroutine(function) else type(function).__call__
    streams = inspect.isasyncgenfunction(called)
    if not streams and not inspect.iscoroutinefunction(called):
        raise NoCallable(f"{path} is no async callable: write `async def`, since one that blocks would stop all runs")
    return Answering(function, _checked_names(path, function), streams)


def _checked_names(path: str, function: Callable[..., Any]) -> tuple[str, ...]:
    """Return which values a callable takes. Raises NoCallable where it wants what nobody gives."""
    try:
        signature = inspect.signature(function)
        names = _names_in(signature)
        signature.bind([], **dict.fromkeys(names))
    except (TypeError, ValueError) as error:
        raise NoCallable(f"{path} takes the messages, and by name {', '.join(GIVEN)}, as it likes: {error}") from error
    return names


def _names_in(signature: inspect.Signature) -> tuple[str, ...]:
    parameters = list(signature.parameters.values())
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return GIVEN
    named = {parameter.name for parameter in parameters[1:] if parameter.kind is not parameter.POSITIONAL_ONLY}
    return tuple(name for name in GIVEN if name in named)
