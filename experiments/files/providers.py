"""The part `providers` of an experiment file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django import forms

from evalsite.plugins import UnknownKind, runners
from experiments.files.document_nodes import ListNode, Node, ObjectNode, Scalar, key_path, plain
from experiments.files.fields import Fields, Problems, suggestion
from experiments.options import OptionError

REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KEY_SENTENCE = "keys are named, never written: api_key_env: NAME"
USE_SENTENCE = "goes without use: a provider of the site has its own"
URL_SENTENCE = "write the URL of the endpoint, like http://127.0.0.1:11434/v1"
LONGEST_NAME, LONGEST_URL = 100, 500
REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class ProviderPart:
    """A provider as the file declares it, or the name of one that the site has."""

    name: str
    use: str = ""
    """The name of a provider of the site; then nothing else is given."""
    kind: str = "openai"
    base_url: str = ""
    api_key_env: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    max_in_flight: int = 16
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_s: float | None = None
    prices: dict[str, Any] = field(default_factory=dict)
    file: Path | None = None
    """Recorded outputs (kind replay)."""


def read_providers(fields: Fields, folder: Path, environ: Mapping[str, str]) -> dict[str, ProviderPart]:
    """Return the providers by name."""
    found = {}
    for name, node, path in fields.entries("providers"):
        provider = Fields(_expanded_node(node, path, fields.problems, environ), path, fields.problems)
        found[name] = _read(name, provider, folder)
    return found


def expanded(scalar: Scalar, where: str, problems: Problems, environ: Mapping[str, str]) -> str:
    """Return a text with ${NAME} and ${NAME:-default} replaced; $${ writes ${."""

    def value_of(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name is None:
            return "${"
        value = environ.get(name) or default
        if value is None:
            sentence = f"the variable {name} is not set; set it, or write a default: ${{{name}:-...}}"
            problems.add(scalar, where, sentence)
        return value or ""

    return REFERENCE.sub(value_of, scalar.text)


def _expanded_node(node: Node, where: str, problems: Problems, environ: Mapping[str, str]) -> Node:
    """Return the node with the variables in its texts replaced."""
    if isinstance(node, ObjectNode):
        entries = {
            key: _expanded_node(value, key_path(where, key), problems, environ) for key, value in node.entries.items()
        }
        return ObjectNode(node.line, entries, node.lines)
    if isinstance(node, ListNode):
        return ListNode(node.line, [_expanded_node(item, where, problems, environ) for item in node.items])
    return Scalar(node.line, expanded(node, where, problems, environ), node.is_plain)


def _read(name: str, provider: Fields, folder: Path) -> ProviderPart:
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        provider.problems.add(provider.node, provider.where, f"a provider's name has 1 to {LONGEST_NAME} characters")
    use = provider.text("use").strip()
    if use:
        for key in provider.left():
            provider.problem(key, USE_SENTENCE)
        return ProviderPart(name, use=use)
    if provider.get("api_key") is not None:
        provider.problem("api_key", KEY_SENTENCE)
    kind = provider.text("kind", "openai")
    part = ProviderPart(
        name=name,
        kind=kind,
        base_url=provider.text("base_url", longest=LONGEST_URL).strip().rstrip("/"),
        api_key_env=_key_variable(provider),
        headers=_headers(provider),
        max_in_flight=provider.whole("max_in_flight", low=1, high=10_000, default=16) or 16,
        requests_per_minute=provider.whole("requests_per_minute"),
        tokens_per_minute=provider.whole("tokens_per_minute"),
        timeout_s=provider.number("timeout_s", low=0.1),
        prices=_prices(provider),
        file=_file(provider, folder, kind),
        options=_options(provider, kind),
    )
    _check_address(provider, part)
    provider.done()
    return part


def _check_address(provider: Fields, part: ProviderPart) -> None:
    """Note an URL that is missing or none."""
    if not part.base_url and _needs_url(part.kind):
        provider.required("base_url")
    elif part.base_url and not part.base_url.startswith(("http://", "https://")):
        provider.problem("base_url", URL_SENTENCE)


def _needs_url(kind: str) -> bool:
    return kind in runners.kinds() and bool(runners.get(kind).needs_url)


def _key_variable(provider: Fields) -> str:
    name = provider.text("api_key_env").strip()
    if name and not VARIABLE.fullmatch(name):
        # The value is not repeated: it may be the key itself.
        provider.problem("api_key_env", "is no name of a variable; " + KEY_SENTENCE)
    return name


def _headers(provider: Fields) -> dict[str, str]:
    headers = {}
    for name, node, path in provider.entries("headers"):
        if not isinstance(node, Scalar) or any(sign in name + node.text for sign in "\r\n"):
            provider.problems.add(node, path, "write a text of one line")
            continue
        headers[name] = node.text
    return headers


def _options(provider: Fields, kind: str) -> dict[str, Any]:
    """Return the kind's own options, which stand beside the others.

    A flag that is left out stays out: a file written before the flag was there declares the provider that it did.
    """
    try:
        form = runners.get(kind).Options
    except UnknownKind:
        kinds = runners.kinds()
        provider.problem("kind", f'unknown kind "{kind}"; there are {", ".join(kinds)}{suggestion(kind, kinds)}')
        return {}
    found = {name: _option(provider, name, field) for name, field in form.base_fields.items()}
    raw = {name: value for name, value in found.items() if value is not None}
    try:
        cleaned: dict[str, Any] = form.parse(raw)
    except OptionError as error:
        for name, sentence in error.errors.items():
            provider.problem(name, sentence)
        return {}
    return {name: value for name, value in cleaned.items() if name in raw or value is not False}


def _option(provider: Fields, name: str, field: forms.Field) -> Any:
    """Return an option: JSON as its values, others as they were written."""
    is_json = isinstance(field, forms.JSONField)
    node = provider.get(name)
    return None if node is None else plain(node) if is_json else provider.text(name)


def _file(provider: Fields, folder: Path, kind: str) -> Path | None:
    """Return the file of recorded outputs, for the kind that has one."""
    text = provider.text("file")
    if kind != REPLAY:
        if text:
            provider.problem("file", f"goes with kind: {REPLAY}")
        return None
    if not text:
        provider.required("file")
        return None
    path = folder / text
    if not path.is_file():
        provider.problem("file", f"is not there (tried {path})")
    return path


def _prices(provider: Fields) -> dict[str, Any]:
    prices = {}
    for model, node, path in provider.entries("prices"):
        price = Fields(node, path, provider.problems)
        price.required("input")
        price.required("output")
        found = {name: price.number(name, low=0) for name in ("input", "cached_input", "output")}
        prices[model] = {name: amount for name, amount in found.items() if amount is not None}
        price.done()
    return prices
