"""The parts `defaults` and `candidates` of an experiment file."""

from collections.abc import Collection, Mapping
from typing import Any

from experiments.file_fields import Fields, suggestion
from experiments.params import check_params
from experiments.yaml_document import ObjectNode, plain

MOST = 200


def read_candidates(fields: Fields, providers: Mapping[str, Any], prompts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return name, provider, model, prompt and params of each candidate."""
    defaults = fields.inner("defaults")
    base = _read(defaults, providers, prompts, {})
    defaults.done()
    found = []
    for node, path in fields.items("candidates"):
        candidate = Fields(node, path, fields.problems)
        candidate.not_yet("matrix", "exclude")
        values = _read(candidate, providers, prompts, base)
        if "matrix" not in candidate:
            _require(candidate, values)
        candidate.done()
        found.append(values)
    if fields.get("candidates") is not None and not 1 <= len(found) <= MOST:
        fields.problem("candidates", f"write 1 to {MOST} candidates")
    _name(fields, found)
    return found


def _read(
    candidate: Fields, providers: Mapping[str, Any], prompts: Mapping[str, Any], base: Mapping[str, Any]
) -> dict[str, Any]:
    only = next(iter(prompts)) if len(prompts) == 1 else ""
    values = {
        "name": candidate.text("name"),
        "provider": candidate.text("provider", base.get("provider", "")),
        "model": candidate.text("model", base.get("model", "")),
        "prompt": candidate.text("prompt", base.get("prompt") or only),
    }
    _known(candidate, "provider", values["provider"], providers)
    _known(candidate, "prompt", values["prompt"], prompts)
    merged = {**base.get("params", {}), **_params(candidate)}
    values["params"] = {name: value for name, value in merged.items() if value is not None}
    return values


def _known(candidate: Fields, key: str, name: str, known: Collection[str]) -> None:
    if name and key in candidate and name not in known:
        candidate.problem(key, f'there is no {key} "{name}" in the file{suggestion(name, known)}')


def _require(candidate: Fields, values: Mapping[str, Any]) -> None:
    for key in ("provider", "model", "prompt"):
        if not values[key]:
            candidate.problem(key, "is required, here or under defaults")


def _params(candidate: Fields) -> dict[str, Any]:
    node = candidate.get("params")
    if node is None:
        return {}
    if not isinstance(node, ObjectNode):
        candidate.problem("params", "write an object: keys with values")
        return {}
    params = {name: plain(value) for name, value in node.entries.items()}
    for name, sentence in check_params(params).items():
        candidate.problem(f"params.{name}", sentence)
    return params


def _name(fields: Fields, found: list[dict[str, Any]]) -> None:
    """Give those without a name the parts that differ; equal names and equal candidates are errors."""
    for number, values in enumerate(found):
        if not values["name"]:
            values["name"] = _differing(values, found)
        twins = [other for other in found[:number] if other["name"] == values["name"]]
        if twins:
            same = _without_name(twins[0]) == _without_name(values)
            what = "is the same candidate as an earlier one" if same else f'the name "{values["name"]}" is taken'
            fields.problem("candidates", f"[{number}]: {what}")


def _without_name(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != "name"}


def _differing(values: Mapping[str, Any], found: list[dict[str, Any]]) -> str:
    parts = [str(values["model"])]
    parts += [str(values[key]) for key in ("provider", "prompt") if len({other[key] for other in found}) > 1]
    names = sorted({name for other in found for name in other["params"]})
    for name in names:
        if len({repr(other["params"].get(name)) for other in found}) > 1 and name in values["params"]:
            parts.append(f"{name}={values['params'][name]}")
    return " · ".join(parts)[:200]
