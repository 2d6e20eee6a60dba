"""Parameters of a call: their names, types and ranges. Anything else goes under `extra_body`, as it is."""

from collections.abc import Callable, Mapping
from typing import Any

from evalsite.plugins import UnknownKind, runners
from experiments.files.fields import suggestion
from experiments.options import OptionError


def _number(low: float, high: float) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"write a number from {low:g} to {high:g}"

    return check


def _whole(low: int, high: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if fits else f"write a whole number from {low} to {high}"

    return check


def _stop(value: Any) -> str:
    texts = [value] if isinstance(value, str) else value
    fits = isinstance(texts, list) and 1 <= len(texts) <= 4 and all(isinstance(text, str) for text in texts)
    return "" if fits else "write a text, or a list of up to four"


def _of(kind: type, what: str) -> Callable[[Any], str]:
    return lambda value: "" if isinstance(value, kind) else f"write {what}"


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "write true or false"


def _text_or_object(value: Any) -> str:
    return "" if isinstance(value, str | dict) else "write a text or an object"


CHECKS: Mapping[str, Callable[[Any], str]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "max_tokens": _whole(1, 10_000_000),
    "seed": _whole(-(2**63), 2**63 - 1),
    "stop": _stop,
    "n": _whole(1, 128),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "response_format": _of(dict, "an object"),
    "reasoning_effort": _of(str, "a text"),
    "tools": _of(list, "a list"),
    "tool_choice": _text_or_object,
    "stream": _flag,
    "extra_body": _of(dict, "an object"),
}


def check_params(params: Mapping[str, Any], kind: str = "", options: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return what is wrong, by the parameter's name; None as a value removes a default and is right.

    Where the kind of provider and its options are known, also what it cannot do.
    """
    problems = {}
    for name, value in params.items():
        if name not in CHECKS:
            problems[name] = f"unknown parameter: others go under extra_body{suggestion(name, CHECKS)}"
        elif value is not None and (sentence := CHECKS[name](value)):
            problems[name] = sentence
    return problems or _lacking(params, kind, options or {})


def _lacking(params: Mapping[str, Any], kind: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return what a kind of provider cannot do; an unknown kind and wrong options are said elsewhere."""
    given = {name: value for name, value in params.items() if value is not None}
    try:
        found = runners.get(kind).check_params(given, options) if kind and given else {}
    except (UnknownKind, OptionError):
        return {}
    return {name: f"{sentence} (kind: {kind})" for name, sentence in found.items()}
