"""Editing the items of a dataset's draft: frozen rows never change, edits close and insert."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from experiments.actions.datasets import draft_of_people
from experiments.actions.item_content import stored_content
from experiments.actions.item_steps import STALE, Step, write_steps
from experiments.actions.refusals import ActionConflict, StaleEdit, refused_when_taken
from experiments.models import Dataset, Item
from experiments.models.datasets import POSITION_GAP
from experiments.models.projects import Person
from experiments.permissions import require


@transaction.atomic
def add_item(*, dataset: Dataset, content: Mapping[str, Any], by: Person | None) -> Item:
    """Add an item at the end of the draft. Raises ActionRefused when its key is taken or a part does not fit."""
    require(by, dataset.project, "edit_dataset")
    draft = draft_of_people(dataset)
    last = Item.objects.filter(dataset=draft).in_draft().aggregate(last=Max("position"))["last"] or 0
    return _write(draft, None, stored_content(content), last + POSITION_GAP, by)


@transaction.atomic
def edit_item(*, item: Item, seen_at: datetime, changes: Mapping[str, Any], by: Person | None) -> Item:
    """Change an item as its editor saw it and return the row that holds now.

    `seen_at` is the row's `changed_at` when the editor opened it. Raises StaleEdit when it has changed since, and
    ActionRefused when the new key is taken or a part does not fit.
    """
    require(by, item.dataset.project, "edit_dataset")
    draft = draft_of_people(item.dataset)
    current = _current(item, seen_at)
    content = stored_content({**current.content, **changes})
    if all(getattr(current, name) == value for name, value in content.items()):
        return current
    return _write(draft, current, content, current.position, by)


@transaction.atomic
def remove_item(*, item: Item, seen_at: datetime, by: Person | None) -> None:
    """Take an item out of the draft; frozen versions keep it. Raises StaleEdit."""
    require(by, item.dataset.project, "edit_dataset")
    draft = draft_of_people(item.dataset)
    current = _current(item, seen_at)
    write_steps(draft, [Step(current, None, current.position)], by)


@transaction.atomic
def restore_item(*, item: Item, by: Person | None) -> Item:
    """Put a removed item into the draft again, where it was. Raises ActionConflict when its key is in use."""
    require(by, item.dataset.project, "edit_dataset")
    draft = draft_of_people(item.dataset)
    if Item.objects.filter(dataset=draft, key=item.key).in_draft().exists():
        raise ActionConflict(f'the key "{item.key}" is in use in {draft}: rename that item first')
    return _write(draft, None, stored_content(item.content), item.position, by)


def _current(item: Item, seen_at: datetime) -> Item:
    """Return the item's row if it still holds and nobody has changed it since. Raises StaleEdit."""
    current: Item | None = Item.objects.filter(pk=item.pk, changed_at=seen_at).in_draft().first()
    if current is None:
        raise StaleEdit(STALE)
    return current


def _write(draft: Dataset, before: Item | None, content: Mapping[str, Any], position: int, by: Person | None) -> Item:
    """Write one item and return its row. Raises ActionRefused when its key is taken."""
    with refused_when_taken(f'the key "{content["key"]}" is taken in {draft}', field="key"):
        write_steps(draft, [Step(before, content, position)], by)
    written: Item = Item.objects.in_draft().get(dataset=draft, key=content["key"])
    return written
