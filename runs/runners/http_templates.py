"""What a call of any JSON endpoint sends: templates for path, headers and body, in the sandbox of prompts. Pure.

Templates see `prompt` (the last user message), `system`, `messages` ([{"role", "content"}]), `model`, `params`, `key`
(of the item), `sample` (the trial) and `media` ([{"type", "url"}]: images, audio and files of all messages). A text of
the body that is one such name and nothing else stands for its value.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from experiments.templating import CompiledPrompt, TemplateProblem, compile_messages
from runs.exchange import CallFailed, Message, Request

WHOLE_VALUE = re.compile(r"\{\{ *([a-z_]+(?:\.[A-Za-z0-9_]+)*) *\}\}")
NAMES = ("prompt", "system", "messages", "model", "params", "key", "sample", "media")
NOT_SENT = ("extra_body", "stream")
"""Parameters that no template sees."""
Leaf = Any
"""A part of a compiled body: a CompiledPrompt, a Whole, a constant, or a list or object of those."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A text that is one name: its value is put in as it is; a parameter that is not given is left out."""

    names: tuple[str, ...]


class _Absent:
    """Stands for a parameter that the candidate does not give."""


ABSENT = _Absent()


def compiled(template: Any) -> Leaf:
    """Return a JSON value whose texts are templates, ready to render. Raises TemplateProblem."""
    if isinstance(template, dict):
        return {name: compiled(value) for name, value in template.items()}
    if isinstance(template, list):
        return [compiled(value) for value in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    match = WHOLE_VALUE.fullmatch(template.strip())
    if match is None:
        return _checked(compile_messages(template))
    names = tuple(match.group(1).split("."))
    _refuse_unknown([names[0]])
    return Whole(names)


def _checked(prompt: CompiledPrompt) -> CompiledPrompt:
    _refuse_unknown([name.partition(".")[0] for name in prompt.variables])
    return prompt


def _refuse_unknown(names: list[str]) -> None:
    for name in names:
        if name not in NAMES:
            raise TemplateProblem(f'there is no "{name}" for requests; there are {", ".join(NAMES)}')


def params_read(leaf: Leaf) -> Iterator[str]:
    """Yield the parameters that templates read; "" stands for all of them."""
    for name in names_read(leaf):
        first, _, rest = name.partition(".")
        if first == "params":
            yield rest.partition(".")[0]


def names_read(leaf: Leaf) -> Iterator[str]:
    """Yield the names that templates read, dotted where they look inside."""
    if isinstance(leaf, dict | list):
        for part in leaf.values() if isinstance(leaf, dict) else leaf:
            yield from names_read(part)
    elif isinstance(leaf, Whole):
        yield ".".join(leaf.names)
    elif isinstance(leaf, CompiledPrompt):
        yield from sorted(leaf.variables)


def context_of(request: Request) -> dict[str, Any]:
    """Return what templates see of a request."""
    messages = [{"role": message["role"], "content": _text(message)} for message in request.messages]
    of_users = [message["content"] for message in messages if message["role"] == "user"]
    return {
        "prompt": of_users[-1] if of_users else messages[-1]["content"],
        "system": "\n\n".join(message["content"] for message in messages if message["role"] == "system"),
        "messages": messages,
        "model": request.model,
        "params": {name: value for name, value in request.params.items() if name not in NOT_SENT},
        "key": request.item_key,
        "sample": request.sample,
        "media": media_of(request),
    }


def media_of(request: Request) -> list[dict[str, Any]]:
    """Return the images, audio and files of all messages."""
    return [part for message in request.messages for part in message["parts"] if part["type"] != "text"]


def _text(message: Message) -> str:
    return "".join(part["text"] for part in message["parts"] if part["type"] == "text")


def rendered(leaf: Leaf, context: Mapping[str, Any]) -> Any:
    """Return a value with its templates rendered. Raises CallFailed(runner_error) for an item that does not fit."""
    if isinstance(leaf, dict):
        found = {name: rendered(value, context) for name, value in leaf.items()}
        return {name: value for name, value in found.items() if value is not ABSENT}
    if isinstance(leaf, list):
        return [value for part in leaf if (value := rendered(part, context)) is not ABSENT]
    if isinstance(leaf, Whole):
        return _value_of(leaf, context)
    if not isinstance(leaf, CompiledPrompt):
        return leaf
    try:
        return leaf.render(context)[0]["parts"][0]["text"]
    except TemplateProblem as problem:
        raise _misfit(f"the template of the request: {problem}") from None


def _value_of(leaf: Whole, context: Mapping[str, Any]) -> Any:
    value: Any = context
    for name in leaf.names:
        if not isinstance(value, Mapping) or name not in value:
            return ABSENT
        value = value[name]
    return value


def rendered_path(leaf: Leaf, context: Mapping[str, Any]) -> str:
    """Return what stands behind the base URL, values encoded so that they stay one part of it."""
    found = rendered(leaf, _encoded(context))
    return found if isinstance(found, str) else quote(str(found if found is not ABSENT else ""), safe="")


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _encoded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    return quote(value, safe="") if isinstance(value, str) else value


def rendered_headers(leaf: Leaf, context: Mapping[str, Any]) -> dict[str, str]:
    """Return headers. Raises CallFailed(runner_error) for values that no header can hold."""
    headers = {name: str(value) for name, value in rendered(leaf, context).items()}
    for name, value in headers.items():
        if not value.isprintable():
            raise _misfit(f"the header {name} would hold a line break or another control character")
    return headers


def body_of(leaf: Leaf, context: Mapping[str, Any], extra: Mapping[str, Any]) -> bytes:
    """Return the JSON body, what is extra merged into it as it is. Raises CallFailed(runner_error)."""
    body = rendered(leaf, context)
    try:
        return orjson.dumps({**body, **extra} if isinstance(body, dict) else body)
    except orjson.JSONEncodeError as error:
        raise _misfit(f"the request is no JSON: {error}") from None


def _misfit(detail: str) -> CallFailed:
    return CallFailed("runner_error", detail, is_retriable=False)
