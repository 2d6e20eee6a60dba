"""Editing the items of a dataset's draft: frozen rows never change, edits close and insert."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from experiments.actions.refusals import ActionConflict, ActionRefused, StaleEdit
from experiments.models import Dataset, Item
from experiments.models.datasets import POSITION_GAP, join_tags
from experiments.models.projects import Person
from experiments.permissions import require

CONTENT = ("key", "input", "expected", "metadata", "tags", "split")
STALE = "Somebody else changed this item since you opened it: open it again, your text is still in the form."


def locked(dataset: Dataset) -> Dataset:
    """Return the dataset's row as it is now, locked until the transaction ends."""
    return Dataset.objects.select_for_update().get(pk=dataset.pk)


@transaction.atomic
def add_item(*, dataset: Dataset, content: Mapping[str, Any], by: Person | None) -> Item:
    """Add an item at the end of the draft. Raises ActionRefused when its key is taken."""
    require(by, dataset.project, "edit_dataset")
    draft = locked(dataset)
    if Item.objects.filter(dataset=draft, key=content["key"]).in_draft().exists():
        raise ActionRefused("key", f'the key "{content["key"]}" is taken in {draft}')
    last = Item.objects.filter(dataset=draft).in_draft().aggregate(last=Max("position"))["last"] or 0
    return _insert(draft, {"position": last + POSITION_GAP, **content}, by)


@transaction.atomic
def edit_item(*, item: Item, changes: Mapping[str, Any], by: Person | None) -> Item:
    """Change the row that the editor saw and return the row that holds now. Raises StaleEdit."""
    require(by, item.dataset.project, "edit_dataset")
    draft = locked(item.dataset)
    current = Item.objects.filter(pk=item.pk).in_draft().first()
    if current is None or current.changed_at != item.changed_at:
        raise StaleEdit(STALE)
    content = {name: getattr(current, name) for name in (*CONTENT, "position")} | _stored(changes)
    if current.since == draft.draft_number:
        Item.objects.filter(pk=current.pk).update(**content, changed_by=_user(by), changed_at=timezone.now())
        return Item.objects.get(pk=current.pk)
    _close(current, draft)
    return _insert(draft, content, by)


@transaction.atomic
def remove_item(*, item: Item, by: Person | None) -> None:
    """Take an item out of the draft; frozen versions keep it. Raises StaleEdit."""
    require(by, item.dataset.project, "edit_dataset")
    draft = locked(item.dataset)
    current = Item.objects.filter(pk=item.pk).in_draft().first()
    if current is None:
        raise StaleEdit(STALE)
    if current.since == draft.draft_number:
        current.delete()
        return
    _close(current, draft)


@transaction.atomic
def restore_item(*, item: Item, by: Person | None) -> Item:
    """Put a copy of a removed item into the draft. Raises ActionConflict when its key is in use again."""
    require(by, item.dataset.project, "edit_dataset")
    draft = locked(item.dataset)
    if Item.objects.filter(dataset=draft, key=item.key).in_draft().exists():
        raise ActionConflict(f'the key "{item.key}" is in use in {draft}: rename that item first')
    content = {name: getattr(item, name) for name in (*CONTENT, "position")}
    Item.objects.filter(dataset=draft, key=item.key, since=draft.draft_number).delete()
    return _insert(draft, content, by)


def _close(item: Item, draft: Dataset) -> None:
    """End a frozen row's validity with the draft, if it still holds. Raises StaleEdit."""
    if Item.objects.filter(pk=item.pk, until=None).update(until=draft.draft_number) != 1:
        raise StaleEdit(STALE)


def _insert(draft: Dataset, content: Mapping[str, Any], by: Person | None) -> Item:
    values = {**_stored(content), "changed_by": _user(by), "changed_at": timezone.now()}
    return Item.objects.create(dataset=draft, since=draft.draft_number, **values)


def _stored(content: Mapping[str, Any]) -> dict[str, Any]:
    tags = content.get("tags")
    return dict(content) if tags is None or isinstance(tags, str) else {**content, "tags": join_tags(tags)}


def _user(by: Person | None) -> Any:
    return by if by is not None and by.is_authenticated else None
