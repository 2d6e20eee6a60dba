"""Configurations: what a candidate is, as runs store it."""

from typing import Any

from evalsite.plugins import UnknownKind, runners
from experiments.canonical import config_hash
from experiments.models import Candidate, PromptVersion, Provider

BLOB = "blob:"  # a base URL that begins so names recorded outputs by their SHA-256
NAMELESS = "recorded outputs"


def config_from(
    provider: Provider, model: str, prompt_version: PromptVersion, params: dict[str, Any]
) -> dict[str, Any]:
    """Return kind, base_url, model, messages and params of a configuration; of recorded outputs also their file.

    Options of the provider that are part of what is measured stand beside them.
    """
    file = {"file": provider.recorded_in} if provider.recorded_in else {}
    return (
        file
        | measured_options(provider)
        | {
            "kind": provider.kind,
            "base_url": provider.base_url,
            "model": model,
            "messages": prompt_version.messages,
            "params": params,
        }
    )


def measured_options(provider: Provider) -> dict[str, Any]:
    """Return {"options": those that are part of what is measured}; {} for kinds that have none."""
    try:
        kind = runners.get(provider.kind)
    except UnknownKind:
        return {}
    values = {**kind.Options.defaults(), **provider.options}
    options = {name: values[name] for name in kind.identity if values.get(name) not in (None, "", {})}
    return {"options": options} if options else {}


def config_of(candidate: Candidate) -> dict[str, Any]:
    """Return the configuration of a candidate as its run stores it."""
    return config_from(candidate.provider, candidate.model, candidate.prompt_version, candidate.params)


def shown(config: dict[str, Any]) -> dict[str, Any]:
    """Return a stored configuration as people read it: recorded outputs under the name of their file."""
    if not config["base_url"].startswith(BLOB):
        return config
    kept = {name: value for name, value in config.items() if name != "file"}
    return {**kept, "base_url": config.get("file", NAMELESS)}


def hash_of(config: dict[str, Any]) -> str:
    """Return the config_hash of a configuration."""
    names = ("kind", "base_url", "model", "messages", "params")
    return config_hash(**{name: config[name] for name in names}, options=config.get("options"))
