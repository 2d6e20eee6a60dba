"""Values that the command line puts in the place of those of an experiment file: `--set KEY=VALUE` and its kin."""

import re
from collections.abc import Mapping, Sequence

from experiments.files.document_nodes import BadDocument, ListNode, Node, ObjectNode, Problem, Scalar, key_path
from experiments.files.yaml_document import parse

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
ALIASES = {"limit": "dataset.select.limit", "sample": "dataset.select.sample"}


def with_overrides(root: ObjectNode, overrides: Mapping[str, str]) -> tuple[ObjectNode, list[Problem]]:
    """Return the document with other values under the keys named, and what kept any of them from being set.

    A key is a path like trials, defaults.params.temperature or candidates[1].model; "limit" is short for the limit of
    the selection. A value is taken as it is written; one that begins with [ or { is read as YAML.
    """
    problems: list[Problem] = []
    for key, text in overrides.items():
        path = ALIASES.get(key, key)
        steps = [int(found[1]) if found[1] else found[2] for found in STEP.finditer(path)]
        start = _with_open_dataset(root) if path.startswith("dataset.") else root
        try:
            replaced = _replaced(start, steps, text, "")
        except BadDocument as bad:
            problems.append(Problem(bad.problem.line, path, f"--set {key}: {bad.problem.sentence}"))
            continue
        root = replaced if isinstance(replaced, ObjectNode) else root
    return root, problems


def _with_open_dataset(root: ObjectNode) -> ObjectNode:
    """Return the document with `dataset: name` written as `dataset: {name: name}`."""
    dataset = root.entries.get("dataset")
    if not isinstance(dataset, Scalar):
        return root
    opened = ObjectNode(dataset.line, {"name": dataset}, {"name": dataset.line})
    return ObjectNode(root.line, {**root.entries, "dataset": opened}, root.lines)


def _replaced(node: Node | None, steps: Sequence[str | int], text: str, where: str, line: int = 1) -> Node:
    """Return a copy of the node with a value set at the end of the steps; missing objects are made on the way."""
    line = node.line if node is not None else line
    if not steps:
        return _value(text, line)
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(node, ListNode) or step >= len(node.items):
            raise BadDocument(Problem(line, where, f"there is no {where}[{step}]"))
        items = list(node.items)
        items[step] = _replaced(items[step], rest, text, f"{where}[{step}]")
        return ListNode(node.line, items)
    if node is not None and not isinstance(node, ObjectNode):
        raise BadDocument(Problem(line, where, f"{where} has no keys"))
    entries, lines = (node.entries, node.lines) if node is not None else ({}, {})
    line_of_key = lines.get(step, line)
    value = _replaced(entries.get(step), rest, text, key_path(where, step), line_of_key)
    return ObjectNode(line, {**entries, step: value}, {**lines, step: line_of_key})


def _value(text: str, line: int) -> Node:
    if not text.startswith(("[", "{")):
        return Scalar(line, text, is_plain=True)
    try:
        node, problems = parse(text)
    except BadDocument as bad:
        raise BadDocument(Problem(line, "", bad.problem.sentence)) from None
    if problems:
        raise BadDocument(Problem(line, "", problems[0].sentence))
    return node
