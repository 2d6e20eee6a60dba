"""Changing many items of drafts: each as if it were edited alone, so that one that fails holds up no other."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from experiments.actions.items import edit_item, remove_item
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.models import Item
from experiments.models.projects import Person
from experiments.permissions import require

BULK_LIMIT = 1000


@dataclass
class BulkOutcome:
    """What became of the items."""

    changed: int = 0
    unchanged: int = 0
    """Those that were already as asked for."""
    left: list[str] = field(default_factory=list)
    """Why an item stayed as it was, a sentence each."""


def tag_items(*, items: Iterable[Item], tag: str, by: Person | None) -> BulkOutcome:
    """Give the items a tag. Raises ActionRefused for more than `BULK_LIMIT`, or without a tag."""
    tag = _named(tag, "tag")
    return _edit_each(items, lambda item: {"tags": list(dict.fromkeys([*item.tag_list, tag]))}, by)


def untag_items(*, items: Iterable[Item], tag: str, by: Person | None) -> BulkOutcome:
    """Take a tag from the items. Raises ActionRefused for more than `BULK_LIMIT`, or without a tag."""
    tag = _named(tag, "tag")
    return _edit_each(items, lambda item: {"tags": [one for one in item.tag_list if one != tag]}, by)


def move_items(*, items: Iterable[Item], split: str, by: Person | None) -> BulkOutcome:
    """Move the items to a split; "" takes them out of theirs. Raises ActionRefused for more than `BULK_LIMIT`."""
    return _edit_each(items, lambda _: {"split": split.strip()}, by)


def remove_items(*, items: Iterable[Item], by: Person | None) -> BulkOutcome:
    """Take the items out of their drafts. Raises ActionRefused for more than `BULK_LIMIT`."""

    def remove(item: Item) -> bool:
        remove_item(item=item, seen_at=item.changed_at, by=by)
        return True

    return _each(items, remove, by)


def _named(value: str, what: str) -> str:
    if not value.strip():
        raise ActionRefused(what, f"Name the {what}.")
    return value.strip()


def _edit_each(
    items: Iterable[Item], changes_of: Callable[[Item], Mapping[str, Any]], by: Person | None
) -> BulkOutcome:
    def edit(item: Item) -> bool:
        changes = changes_of(item)
        if all(item.content[name] == value for name, value in changes.items()):
            return False
        edit_item(item=item, seen_at=item.changed_at, changes=changes, by=by)
        return True

    return _each(items, edit, by)


def _each(items: Iterable[Item], act: Callable[[Item], bool], by: Person | None) -> BulkOutcome:
    """Act on each item in a transaction of its own; who may not edit one of them changes none."""
    chosen = list(items)
    if len(chosen) > BULK_LIMIT:
        raise ActionRefused(
            "items", f"{len(chosen):,} items are chosen; {BULK_LIMIT:,} at once are allowed: choose fewer."
        )
    for project in {item.dataset.project for item in chosen}:
        require(by, project, "edit_dataset")
    outcome = BulkOutcome()
    for item in chosen:
        try:
            if act(item):
                outcome.changed += 1
            else:
                outcome.unchanged += 1
        except (ActionRefused, ActionConflict) as reason:
            outcome.left.append(f"{item.key}: {reason}")
    return outcome
