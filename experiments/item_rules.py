"""Rules that items bring along for a scorer: wrong ones are found when the scorer is declared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalsite.plugins import scorers
from experiments.conditions import Condition
from experiments.declarations import ScorerDeclaration

Row = tuple[str, tuple[str, ...], str, Mapping[str, Any]]
"""(key, tags, split, metadata) of an item."""


def has_rules(kind: str) -> bool:
    """Return whether items bring rules for this kind of scorer."""
    return bool(scorers.get(kind).rules_in)


def misfits(declaration: ScorerDeclaration, items: Iterable[Row]) -> Iterator[str]:
    """Yield, for each item whose own rules the scorer cannot use, why; a sentence when none brings any."""
    kind, condition = scorers.get(declaration.kind), Condition.of(declaration.when)
    is_any = False
    for key, tags, split, metadata in items:
        rules = metadata.get(kind.rules_in)
        if rules in (None, "", []) or not condition.holds(tags, split):
            continue
        is_any = True
        sentence = kind.misfit(rules)
        if sentence:
            yield f'item "{key}": {sentence}'
    if not is_any:
        yield f'no item that {declaration.name} judges has "{kind.rules_in}" in its metadata'
