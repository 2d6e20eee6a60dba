"""The parameters of a call as other wire formats need them: tools, formats and stops, from the shapes of the file.

Files write `tools`, `tool_choice` and `response_format` as the Chat Completions API does. Pure functions.
"""

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], str]
"""From a parameter's value to what is wrong with it, "" for nothing."""

NOT_TAKEN = "is not taken by such providers: leave it out"
TOOLS_SENTENCE = 'write functions: [{"type": "function", "function": {"name": …}}]; other tools go under extra_body'
CHOICE_SENTENCE = 'write auto, none, required or {"type": "function", "function": {"name": …}}'
SCHEMA_SENTENCE = 'write {"type": "json_schema", "json_schema": {"name": …, "schema": {…}}}'


def not_taken(_value: Any) -> str:
    """Say that a kind has no such parameter."""
    return NOT_TAKEN


def only_one(value: Any) -> str:
    """Say that one answer is all that a call brings."""
    return "" if value == 1 else "is 1 with such providers: raise trials instead"


def highest(bound: float) -> Check:
    """Return the check that a number is not above a bound."""
    return lambda value: "" if value <= bound else f"is at most {bound:g} with such providers"


def functions(value: Any) -> str:
    """Say whether tools are functions."""
    return "" if all(function_of(tool) for tool in value) else TOOLS_SENTENCE


def tool_choice(value: Any) -> str:
    """Say whether a choice among tools is a known one."""
    return "" if value in ("auto", "none", "required") or function_of(value) else CHOICE_SENTENCE


def schema_only(value: Any) -> str:
    """Say whether a format is text, or JSON by a schema."""
    return "" if value.get("type") == "text" or schema_of(value) is not None else SCHEMA_SENTENCE


def json_format(value: Any) -> str:
    """Say whether a format is text, JSON, or JSON by a schema."""
    return "" if value.get("type") == "json_object" else schema_only(value)


def problems_of(params: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, str]:
    """Return what a kind cannot do, by the parameter's name."""
    given = {name: checks[name](value) for name, value in params.items() if value is not None and name in checks}
    return {name: sentence for name, sentence in given.items() if sentence}


def function_of(tool: Any) -> dict[str, Any] | None:
    """Return the function that a tool, or a choice among tools, names; None: it is none."""
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    return function if isinstance(function, dict) and isinstance(function.get("name"), str) else None


def functions_of(tools: Any) -> list[dict[str, Any]]:
    """Return the functions among tools."""
    return [function for tool in tools if (function := function_of(tool))]


def schema_of(response_format: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the JSON schema that a format asks for; None: it asks for none."""
    described = response_format.get("json_schema") if response_format.get("type") == "json_schema" else None
    schema = described.get("schema") if isinstance(described, dict) else None
    return schema if isinstance(schema, dict) else None


def stops_of(stop: str | list[str]) -> list[str]:
    """Return the texts that end an answer."""
    return [stop] if isinstance(stop, str) else list(stop)
