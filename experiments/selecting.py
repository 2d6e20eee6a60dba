"""Which rows an experiment takes, and in which order: `select` of its dataset."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from experiments.rows.new_items import NewItem


def seed_order(seed: int, key: str) -> bytes:
    """Return what to sort items by for the order of a seed: the same on every machine, for items of equal keys.

    A sample is the first items in that order, so a larger one holds the smaller one.
    """
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()


def chosen_rows(rows: Iterable[NewItem], selection: Mapping[str, Any], limit: int | None = None) -> list[NewItem]:
    """Return the rows of a selection (split, tags, exclude_tags, keys, seed), the first `limit` of them."""
    chosen = [row for row in rows if _is_chosen(row, selection)]
    seed = selection.get("seed")
    if seed is not None:
        chosen.sort(key=lambda row: seed_order(seed, row.key))
    return chosen[:limit]


def _is_chosen(row: NewItem, selection: Mapping[str, Any]) -> bool:
    tags = set(row.tags)
    return (
        selection.get("split", row.split) == row.split
        and tags.issuperset(selection.get("tags", ()))
        and tags.isdisjoint(selection.get("exclude_tags", ()))
        and row.key in selection.get("keys", (row.key,))
    )
