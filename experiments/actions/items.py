"""Editing the items of a dataset's draft: frozen rows never change, edits close and insert."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from experiments.actions.datasets import edited_draft
from experiments.actions.item_content import stored_content
from experiments.actions.refusals import ActionConflict, StaleEdit, refused_when_taken
from experiments.models import Dataset, Item
from experiments.models.datasets import POSITION_GAP
from experiments.models.projects import Person
from experiments.permissions import require, user_of

STALE = "Somebody else changed this item since you opened it: open it again and repeat your change."


@transaction.atomic
def add_item(*, dataset: Dataset, content: Mapping[str, Any], by: Person | None) -> Item:
    """Add an item at the end of the draft. Raises ActionRefused when its key is taken or a part does not fit."""
    require(by, dataset.project, "edit_dataset")
    draft = edited_draft(dataset)
    last = Item.objects.filter(dataset=draft).in_draft().aggregate(last=Max("position"))["last"] or 0
    return _insert(draft, stored_content(content), last + POSITION_GAP, by)


@transaction.atomic
def edit_item(*, item: Item, seen_at: datetime, changes: Mapping[str, Any], by: Person | None) -> Item:
    """Change an item as its editor saw it and return the row that holds now.

    `seen_at` is the row's `changed_at` when the editor opened it. Raises StaleEdit when it has changed since, and
    ActionRefused when the new key is taken or a part does not fit.
    """
    require(by, item.dataset.project, "edit_dataset")
    draft = edited_draft(item.dataset)
    current = _current(item, seen_at)
    content = stored_content({**current.content, **changes})
    if current.since < draft.draft_number:
        _close(current, draft)
        return _insert(draft, content, current.position, by)
    with _taken(draft, content):
        Item.objects.filter(pk=current.pk).update(**content, changed_by=user_of(by), changed_at=timezone.now())
    current.refresh_from_db()
    return current


@transaction.atomic
def remove_item(*, item: Item, seen_at: datetime, by: Person | None) -> None:
    """Take an item out of the draft; frozen versions keep it. Raises StaleEdit."""
    require(by, item.dataset.project, "edit_dataset")
    draft = edited_draft(item.dataset)
    current = _current(item, seen_at)
    if current.since < draft.draft_number:
        _close(current, draft)
    else:
        current.delete()


@transaction.atomic
def restore_item(*, item: Item, by: Person | None) -> Item:
    """Put a copy of a removed item into the draft, where it was. Raises ActionConflict when its key is in use."""
    require(by, item.dataset.project, "edit_dataset")
    draft = edited_draft(item.dataset)
    if Item.objects.filter(dataset=draft, key=item.key).in_draft().exists():
        raise ActionConflict(f'the key "{item.key}" is in use in {draft}: rename that item first')
    return _insert(draft, stored_content(item.content), item.position, by)


def _current(item: Item, seen_at: datetime) -> Item:
    """Return the item's row if it still holds and nobody has changed it since. Raises StaleEdit."""
    current: Item | None = Item.objects.filter(pk=item.pk, changed_at=seen_at).in_draft().first()
    if current is None:
        raise StaleEdit(STALE)
    return current


def _close(item: Item, draft: Dataset) -> None:
    """End a frozen row's validity with the draft, if it still holds. Raises StaleEdit."""
    if Item.objects.filter(pk=item.pk, until=None).update(until=draft.draft_number) != 1:
        raise StaleEdit(STALE)


def _insert(draft: Dataset, content: Mapping[str, Any], position: int, by: Person | None) -> Item:
    with _taken(draft, content):
        return Item.objects.create(
            dataset=draft,
            since=draft.draft_number,
            position=position,
            changed_by=user_of(by),
            changed_at=timezone.now(),
            **content,
        )


def _taken(draft: Dataset, content: Mapping[str, Any]) -> Any:
    return refused_when_taken(f'the key "{content["key"]}" is taken in {draft}', field="key")
