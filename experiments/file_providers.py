"""The part `providers` of an experiment file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalsite.plugins import UnknownKind, runners
from experiments.file_fields import Fields, suggestion
from experiments.options import OptionError

REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
KEY_SENTENCE = "keys are named, never written: use api_key_env: NAME_OF_THE_VARIABLE"


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
        found[name] = _read(name, Fields(node, path, fields.problems), folder, environ)
    return found


def expanded(fields: Fields, key: str, text: str, environ: Mapping[str, str]) -> str:
    """Return a text with ${NAME} and ${NAME:-default} replaced; $${ writes ${."""

    def value_of(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        if name is None:
            return "${"
        value = environ.get(name) or default
        if value is None:
            fields.problem(key, f"the variable {name} is not set and has no default: ${{{name}:-default}}")
            return ""
        return value

    return REFERENCE.sub(value_of, text)


def _read(name: str, fields: Fields, folder: Path, environ: Mapping[str, str]) -> ProviderPart:
    use = fields.text("use")
    if use:
        fields.done()
        return ProviderPart(name, use=use)
    if fields.get("api_key") is not None:
        fields.problem("api_key", KEY_SENTENCE)
    kind = fields.text("kind", "openai")
    part = ProviderPart(
        name=name,
        kind=kind,
        base_url=expanded(fields, "base_url", fields.text("base_url"), environ).rstrip("/"),
        api_key_env=fields.text("api_key_env"),
        headers={
            key: expanded(fields, "headers", str(value), environ) for key, value in fields.object("headers").items()
        },
        max_in_flight=fields.whole("max_in_flight", low=1, high=10_000, default=16) or 16,
        requests_per_minute=fields.whole("requests_per_minute"),
        tokens_per_minute=fields.whole("tokens_per_minute"),
        timeout_s=fields.number("timeout_s", low=0.1),
        prices=_prices(fields),
        file=_file(fields, folder, environ),
        options=_options(fields, kind),
    )
    if kind == "openai" and not part.base_url.startswith(("http://", "https://")):
        fields.problem("base_url", "write the URL of the endpoint, like http://127.0.0.1:11434/v1")
    fields.done()
    return part


def _options(fields: Fields, kind: str) -> dict[str, Any]:
    """Return the kind's own options, which stand beside the others."""
    try:
        form = runners.get(kind).Options
    except UnknownKind:
        kinds = runners.kinds()
        fields.problem("kind", f'unknown kind "{kind}"; there are {", ".join(kinds)}{suggestion(kind, kinds)}')
        return {}
    raw = {name: fields.text(name) for name in form.base_fields if fields.get(name) is not None}
    try:
        cleaned: dict[str, Any] = form.parse(raw)
    except OptionError as error:
        for name, sentence in error.errors.items():
            fields.problem(name, sentence)
        return {}
    return cleaned


def _file(fields: Fields, folder: Path, environ: Mapping[str, str]) -> Path | None:
    text = fields.text("file")
    if not text:
        return None
    path = folder / expanded(fields, "file", text, environ)
    if not path.is_file():
        fields.problem("file", f"is not there (tried {path})")
    return path


def _prices(fields: Fields) -> dict[str, Any]:
    prices = {}
    for model, node, path in fields.entries("prices"):
        price = Fields(node, path, fields.problems)
        price.required("input")
        price.required("output")
        prices[model] = {"input": price.number("input", low=0), "output": price.number("output", low=0)}
        price.done()
    return prices
