"""Values that the command line puts in the place of those of an experiment file: `--set KEY=VALUE` and its kin."""

import re
from collections.abc import Mapping, Sequence

from experiments.files.document_nodes import BadDocument, ListNode, Node, ObjectNode, Problem, Scalar, key_path
from experiments.files.yaml_document import parse

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
LIMIT, SAMPLE = "dataset.select.limit", "dataset.select.sample"
TEMPLATE = ("{{", "{%", "{#")
ALIASES = {"limit": LIMIT, "sample": SAMPLE}


def with_overrides(root: ObjectNode, overrides: Mapping[str, str]) -> tuple[ObjectNode, list[Problem]]:
    """Return the document with other values under the keys named, and what kept any of them from being set.

    A key is a path like trials, defaults.params.temperature or candidates[1].model; "limit" and "sample" are short for
    those of the selection and take each other's place: the limit of a sample is its size. A value is taken as it is
    written; one that begins with [ or { is read as YAML, unless that begins a template.
    """
    problems: list[Problem] = []
    for key, text in overrides.items():
        path = _path_of(key, root)
        root = _without_limit(root) if path == SAMPLE else root
        steps = [int(found[1]) if found[1] else found[2] for found in STEP.finditer(path)]
        start = _with_open_dataset(root) if path.startswith("dataset.") else root
        try:
            replaced = _replaced(start, steps, text, "")
        except BadDocument as bad:
            problems.append(Problem(bad.problem.line, path, f"--set {key}: {bad.problem.sentence}"))
            continue
        root = replaced if isinstance(replaced, ObjectNode) else root
    return root, problems


def _path_of(key: str, root: ObjectNode) -> str:
    if key == "limit" and _select_of(root).keys() & {"sample", "seed"}:
        return SAMPLE
    return ALIASES.get(key, key)


def _select_of(root: ObjectNode) -> dict[str, Node]:
    dataset = root.entries.get("dataset")
    select = dataset.entries.get("select") if isinstance(dataset, ObjectNode) else None
    return select.entries if isinstance(select, ObjectNode) else {}


def _without_limit(root: ObjectNode) -> ObjectNode:
    """Return the document without the limit of its selection, in whose place a sample comes."""
    dataset = root.entries.get("dataset")
    select = dataset.entries.get("select") if isinstance(dataset, ObjectNode) else None
    if not isinstance(dataset, ObjectNode) or not isinstance(select, ObjectNode) or "limit" not in select.entries:
        return root
    entries = {key: node for key, node in select.entries.items() if key != "limit"}
    kept = {**dataset.entries, "select": ObjectNode(select.line, entries, select.lines)}
    opened = ObjectNode(dataset.line, kept, dataset.lines)
    return ObjectNode(root.line, {**root.entries, "dataset": opened}, root.lines)


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
    if not text.startswith(("[", "{")) or text.startswith(TEMPLATE):
        return Scalar(line, text, is_plain=True)
    try:
        node, problems = parse(text)
    except BadDocument as bad:
        raise BadDocument(Problem(line, "", bad.problem.sentence)) from None
    if problems:
        raise BadDocument(Problem(line, "", problems[0].sentence))
    return node
