"""`matrix` of a candidate: every combination of its values, the first key slowest, less what `exclude` names."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from experiments.files.document_nodes import ListNode, Node, ObjectNode
from experiments.files.fields import Fields

PARAMS = "params"
DOTTED = f"{PARAMS}."
MOST_COMBINATIONS = 10_000


def combinations_of(candidate: Fields) -> Iterator[Fields]:
    """Yield a candidate's fields once, or for each combination of its matrix; problems stand at the matrix."""
    if "matrix" not in candidate:
        yield candidate
        return
    matrix = candidate.inner("matrix")
    keys = list(matrix.node.entries) if isinstance(matrix.node, ObjectNode) else []
    values = [_values(matrix, key) for key in keys]
    if not keys or not all(values) or _is_too_much(candidate, values):
        if not keys:
            candidate.problem("matrix", "write keys with lists of values")
        return
    if "name" in candidate:
        candidate.problem("name", "goes without matrix: combinations are named by what differs")
    own = _without(candidate.node, "matrix", "exclude", "name")
    for chosen in product(*values):
        yield Fields(_merged(own, dict(zip(keys, chosen, strict=True))), matrix.where, candidate.problems)


def excludes_of(candidate: Fields) -> list[dict[str, Any]]:
    """Return what is left out: objects of keys (model, provider, prompt, params.x) with the values they have there."""
    found = []
    for node, path in candidate.items("exclude"):
        rule = Fields(node, path, candidate.problems)
        keys = {key: rule.plain(key) for key in rule.left()}
        for key in keys:
            if key not in ("model", "provider", "prompt") and not key.startswith(DOTTED):
                rule.problem(key, "names model, provider, prompt or params.…")
        found.append(keys)
    if found and "matrix" not in candidate:
        candidate.problem("exclude", "goes with matrix")
    return found


def is_excluded(part: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a rule names these values: every key that it names is equal. Parameters stand as params.x."""
    return any(all(key in part and part[key] == value for key, value in rule.items()) for rule in rules if rule)


def _values(matrix: Fields, key: str) -> list[Node]:
    node = matrix.get(key)
    if not isinstance(node, ListNode) or not node.items:
        matrix.problem(key, "write a list of values")
        return []
    return list(node.items)


def _is_too_much(candidate: Fields, values: Sequence[Sequence[Node]]) -> bool:
    count = 1
    for one in values:
        count *= len(one)
    if count > MOST_COMBINATIONS:
        candidate.problem("matrix", f"makes {count:,} combinations: at most {MOST_COMBINATIONS:,} are looked at")
    return count > MOST_COMBINATIONS


def _without(node: Node, *keys: str) -> ObjectNode:
    entries = node.entries if isinstance(node, ObjectNode) else {}
    lines = node.lines if isinstance(node, ObjectNode) else {}
    return ObjectNode(node.line, {key: value for key, value in entries.items() if key not in keys}, dict(lines))


def _merged(own: ObjectNode, chosen: Mapping[str, Node]) -> ObjectNode:
    """Return a candidate's keys with those of one combination; an object stands for the keys that it holds."""
    merged = ObjectNode(own.line, dict(own.entries), dict(own.lines))
    for key, node in chosen.items():
        is_bundle = isinstance(node, ObjectNode) and key != PARAMS and not key.startswith(DOTTED)
        for name, value in node.entries.items() if is_bundle and isinstance(node, ObjectNode) else [(key, node)]:
            _put(merged, name, value)
    return merged


def _put(merged: ObjectNode, key: str, node: Node) -> None:
    if not key.startswith(DOTTED):
        merged.entries[key], merged.lines[key] = node, node.line
        return
    name, before = key.removeprefix(DOTTED), merged.entries.get(PARAMS)
    params = _without(before) if isinstance(before, ObjectNode) else ObjectNode(node.line)
    params.entries[name], params.lines[name] = node, node.line
    merged.entries[PARAMS] = params
    merged.lines.setdefault(PARAMS, node.line)
