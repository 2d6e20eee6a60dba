"""The part `scorers` of an experiment file."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django import forms

from evalsite.plugins import UnknownKind, scorers
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration
from experiments.files.document_nodes import Node, ObjectNode, Scalar, plain
from experiments.files.fields import Fields, suggestion
from experiments.item_rules import has_rules, misfits
from experiments.options import OptionError, TextListField
from experiments.rows.new_items import NewItem

NAME = re.compile(r"[a-z0-9_-]{1,100}")
DIRECTIONS = ("higher_is_better", "lower_is_better")
MISFITS_SHOWN = 10
RANGES = ("range", "range_ms", "range_usd")
Rows = Sequence[NewItem] | None
"""Of the dataset, where the file brings them; None: the site's."""


def read_scorers(fields: Fields, folder: Path, rows: Rows = None) -> list[ScorerDeclaration]:
    """Return the scorers in their order; equal names are an error."""
    found: list[ScorerDeclaration] = []
    for node, path in fields.items("scorers"):
        scorer = Fields(node, path, fields.problems)
        declaration = _read(scorer, folder, rows)
        if declaration is None:
            continue
        if declaration.name in {other.name for other in found}:
            scorer.problem("name", f'there is a scorer "{declaration.name}" already: give each its own')
        found.append(declaration)
    if fields.get("scorers") is not None and not found and not fields.problems.found:
        fields.problem("scorers", "write one scorer at least")
    if found and not any(_may_weigh(declaration) for declaration in found):
        fields.problem("scorers", "one weight at least is above 0")
    return found


def _may_weigh(declaration: ScorerDeclaration) -> bool:
    default: float = scorers.get(declaration.kind).default_weight
    return (default if declaration.weight is None else declaration.weight) > 0


def _read(scorer: Fields, folder: Path, rows: Rows) -> ScorerDeclaration | None:
    kind = scorer.text("kind")
    plugin = _plugin(scorer, kind)
    if plugin is None:
        scorer.left()
        return None
    name = scorer.text("name", kind)
    if not NAME.fullmatch(name):
        scorer.problem("name", f'"{name}" may hold a-z, 0-9, _ and - only')
    weight, bounds, pass_value = scorer.number("weight", low=0), _range(scorer), scorer.number("pass")
    has_range = plugin.natural_range is not None or any(key in scorer for key in RANGES)
    if (weight or 0) > 0 and not has_range:
        scorer.problem("range", f"{name} needs a range before it may carry a weight, like [0, 5000]")
    better = scorer.choice("direction", DIRECTIONS, DIRECTIONS[0]) if "direction" in scorer else None
    condition = _when(scorer, rows)
    declaration = ScorerDeclaration(
        name=name,
        kind=kind,
        options=_options(scorer, plugin, folder),
        weight=weight,
        range=bounds,
        higher_is_better=None if better is None else better == DIRECTIONS[0],
        pass_value=pass_value,
        when=condition.as_json(),
    )
    _check_rules(scorer, declaration, rows)
    return declaration


def _check_rules(scorer: Fields, declaration: ScorerDeclaration, rows: Rows) -> None:
    """Note the first items whose own rules the scorer cannot use."""
    if rows and has_rules(declaration.kind):
        items = ((row.key, row.tags, row.split, row.metadata) for row in rows)
        for sentence in islice(misfits(declaration, items), MISFITS_SHOWN):
            scorer.problem("kind", sentence)


def _plugin(scorer: Fields, kind: str) -> Any:
    """Return the plug-in of a kind; None, with the problem noted, where there is none."""
    if not kind:
        scorer.problem("kind", "is required")
    else:
        try:
            return scorers.get(kind)
        except UnknownKind:
            kinds = scorers.kinds()
            scorer.problem("kind", f'unknown kind "{kind}"; there are {", ".join(kinds)}{suggestion(kind, kinds)}')
    return None


def _range(scorer: Fields) -> tuple[float, float] | None:
    given = [key for key in RANGES if scorer.get(key) is not None]
    if not given:
        return None
    value = scorer.plain(given[0])
    numbers = isinstance(value, list) and len(value) == 2 and all(_is_number(end) for end in value)
    if not numbers or not value[0] < value[1]:
        scorer.problem(given[0], "write two numbers, the lower one first, like [0, 5000]")
        return None
    return float(value[0]), float(value[1])


def _when(scorer: Fields, rows: Rows) -> Condition:
    """Return which items are judged; a tag or split that no row has is noted, and a choice that leaves none."""
    when = scorer.inner("when")
    condition = Condition(tuple(when.texts("tags")), when.text("split"))
    when.done()
    problems = len(scorer.problems.found)
    known = {"tags": {tag for row in rows or () for tag in row.tags}, "split": {row.split for row in rows or ()}}
    for key, wanted in (("tags", condition.tags), ("split", [condition.split] if condition.split else [])):
        for value in wanted if rows else ():
            if value not in known[key]:
                when.problem(key, f'no item has "{value}"{suggestion(value, known[key])}')
    if rows and len(scorer.problems.found) == problems and not any(condition.holds(r.tags, r.split) for r in rows):
        scorer.problem("when", "no item is left: loosen it")
    return condition


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _options(scorer: Fields, plugin: Any, folder: Path) -> dict[str, Any]:
    """Return the kind's own options, as their form cleans them."""
    form = plugin.Options
    raw = {}
    for name, node in scorer.left().items():
        field = form.base_fields.get(name)
        known = [*form.base_fields, "weight", "direction", "range", "pass", "when", "name", "kind"]
        if field is None:
            scorer.problem(name, f"unknown key{suggestion(name, known)}")
            continue
        raw[name] = _value(scorer, name, node, field, folder)
    try:
        cleaned: dict[str, Any] = form.parse(raw)
    except OptionError as error:
        for name, sentence in error.errors.items():
            scorer.problem(name, sentence)
        return {}
    return cleaned


def _value(scorer: Fields, name: str, node: Node, field: forms.Field, folder: Path) -> Any:
    """Return an option's value as its field's type says."""
    if isinstance(node, ObjectNode) and set(node.entries) == {"file"}:
        return _from_file(scorer, name, node, folder)
    if isinstance(field, forms.BooleanField):
        return scorer.flag(name, default=False)
    if isinstance(field, forms.CharField) and not isinstance(field, forms.JSONField):
        return scorer.text(name)
    if isinstance(field, TextListField):
        return scorer.texts(name)
    return node.text if isinstance(node, Scalar) else plain(node)


def _from_file(scorer: Fields, name: str, node: ObjectNode, folder: Path) -> Any:
    path = folder / str(plain(node.entries["file"]))
    try:
        return orjson.loads(path.read_bytes())
    except OSError:
        scorer.problem(name, f"the file is not there (tried {path})")
    except orjson.JSONDecodeError as error:
        scorer.problem(name, f"{path.name} is no JSON: {error}")
    return None
