"""The parts `defaults` and `candidates` of an experiment file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.files.document_nodes import ListNode, ObjectNode, plain
from experiments.files.fields import LONGEST_NAME, Fields, suggestion
from experiments.files.matrix import combinations_of, excludes_of, is_excluded
from experiments.params import check_params

MOST = 200
NEEDED = ("provider", "model", "prompt")


@dataclass(frozen=True, slots=True)
class CandidatePart:
    """One candidate as the file declares it."""

    name: str
    provider: str
    """Its name in the file."""
    model: str
    prompt: str
    """Its name in the file."""
    params: dict[str, Any] = field(default_factory=dict)
    """Those of `defaults` merged in, without None."""


def read_candidates(fields: Fields, providers: Mapping[str, Any], prompts: Mapping[str, Any]) -> list[CandidatePart]:
    """Return the candidates, each with a name of its own."""
    only = next(iter(prompts)) if len(prompts) == 1 else ""
    defaults = fields.inner("defaults")
    base = _read(defaults, CandidatePart("", "", "", only), providers, prompts)
    defaults.done()
    found: list[tuple[Fields, CandidatePart]] = []
    for listed, path in fields.items("candidates"):
        candidate = Fields(listed, path, fields.problems)
        parts = [_part(one, base, providers, prompts) for one in combinations_of(candidate)]
        found += [(candidate, part) for part in _kept(candidate, parts)]
    node = fields.get("candidates")
    is_empty = isinstance(node, ListNode) and not found and (not node.items or not fields.problems.found)
    if is_empty or len(found) > MOST:
        fields.problem("candidates", f"write 1 to {MOST} candidates")
    return _named(_once(found))


def _once(found: list[tuple[Fields, CandidatePart]]) -> list[tuple[Fields, CandidatePart]]:
    """Return the candidates without the combinations that are written out as well: those have names of their own."""
    written = [replace(part, name="") for fields, part in found if "matrix" not in fields]
    return [(fields, part) for fields, part in found if "matrix" not in fields or part not in written]


def _part(
    candidate: Fields, base: CandidatePart, providers: Mapping[str, Any], prompts: Mapping[str, Any]
) -> CandidatePart:
    """Return one candidate, written out or of a matrix."""
    name = candidate.text("name", longest=LONGEST_NAME).strip()
    part = replace(_read(candidate, base, providers, prompts), name=name)
    if isinstance(candidate.node, ObjectNode):
        _require(candidate, part)
        _check_kind(candidate, part, providers)
    candidate.get("exclude")  # read with the matrix
    candidate.done()
    return part


def _kept(candidate: Fields, parts: list[CandidatePart]) -> list[CandidatePart]:
    """Return the parts that no rule of `exclude` names; a rule that names none is a mistake."""
    rules = excludes_of(candidate)
    values = [_comparable(part) for part in parts]
    for number, rule in enumerate(rules if "matrix" in candidate else []):
        if parts and not any(is_excluded(value, [rule]) for value in values):
            candidate.problem("exclude", f"[{number}] excludes nothing")
    return [part for part, value in zip(parts, values, strict=True) if not is_excluded(value, rules)]


def _comparable(part: CandidatePart) -> dict[str, Any]:
    """Return what a rule of `exclude` may name of a candidate."""
    params = {f"params.{name}": value for name, value in part.params.items()}
    return {"model": part.model, "provider": part.provider, "prompt": part.prompt, **params}


def _read(
    candidate: Fields, base: CandidatePart, providers: Mapping[str, Any], prompts: Mapping[str, Any]
) -> CandidatePart:
    merged = {**base.params, **_params(candidate)}
    return CandidatePart(
        name="",
        provider=_known(candidate, "provider", base.provider, providers),
        model=candidate.text("model", base.model, longest=LONGEST_NAME).strip(),
        prompt=_known(candidate, "prompt", base.prompt, prompts),
        params={name: value for name, value in merged.items() if value is not None},
    )


def _known(candidate: Fields, key: str, default: str, known: Mapping[str, Any]) -> str:
    name = candidate.text(key, default)
    if candidate.get(key) is not None and name not in known:
        there = f"; there are {', '.join(known)}" if known else ""
        candidate.problem(key, f'there is no {key} "{name}" in the file{suggestion(name, known) or there}')
    return name


def _require(candidate: Fields, part: CandidatePart) -> None:
    for key in NEEDED:
        if not getattr(part, key):
            candidate.problem(key, "is required, here or under defaults")


def _check_kind(candidate: Fields, part: CandidatePart, providers: Mapping[str, Any]) -> None:
    """Note the parameters that a provider of this kind does not take; the site's own are checked when it is known."""
    provider = providers.get(part.provider)
    if provider is None or provider.use:
        return
    params = candidate.inner("params")
    for name, sentence in check_params(part.params, provider.kind, provider.options).items():
        params.problem(name, sentence)


def _params(candidate: Fields) -> dict[str, Any]:
    params = {name: plain(node) for name, node, _ in candidate.entries("params")}
    inner = candidate.inner("params") if params else candidate
    for name, sentence in check_params(params).items():
        inner.problem(name, sentence)
    return params


def _named(found: list[tuple[Fields, CandidatePart]]) -> list[CandidatePart]:
    """Return the candidates with a name each: their own, or what tells them apart. Notes equal ones."""
    parts = [part for _, part in found]
    named: list[tuple[str, CandidatePart]] = []
    for fields, part in found:
        complete = replace(part, name=part.name or _difference(part, parts))
        _refuse_twin(fields, complete, named)
        named.append((fields.where, complete))
    return [part for _, part in named]


def _refuse_twin(fields: Fields, part: CandidatePart, others: list[tuple[str, CandidatePart]]) -> None:
    for where, other in others:
        if replace(other, name=part.name) == part and all(getattr(part, key) for key in NEEDED):
            sentence = f'makes "{part.name}" twice' if where == fields.where else f"is the same as {where}"
            fields.problems.add(fields.node, fields.where, sentence)
            return
        if other.name == part.name and part.name:
            fields.problem("name", f'"{part.name}" is the name of {where}: give it another')
            return


def _difference(part: CandidatePart, parts: list[CandidatePart]) -> str:
    """Return the parts in which the candidates differ; the model where they do not.

    The provider is one of them where a model comes from several; else the model tells it.
    """
    keys = ("model", "provider", "prompt") if _shares_models(parts) else ("model", "prompt")
    words = [getattr(part, key) for key in keys if len({getattr(p, key) for p in parts}) > 1]
    differing = [
        name
        for name in sorted({name for other in parts for name in other.params})
        if len({repr(other.params.get(name)) for other in parts}) > 1
    ]
    words += [f"{name}={part.params[name]}" for name in differing if name in part.params]
    return (" · ".join(words) or part.model)[:LONGEST_NAME]


def _shares_models(parts: list[CandidatePart]) -> bool:
    """Return whether a model comes from several providers."""
    return len({(part.model, part.provider) for part in parts}) > len({part.model for part in parts})
