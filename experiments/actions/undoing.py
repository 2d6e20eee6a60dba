"""Taking back single edits of items, and giving an item what an earlier state of it held."""

from django.db import transaction

from experiments.actions.bulk_steps import Left, undoing_step, with_rows
from experiments.actions.datasets import draft_of_people
from experiments.actions.item_content import CONTENT
from experiments.actions.item_steps import write_steps
from experiments.actions.items import edit_item, restore_item
from experiments.actions.refusals import ActionConflict
from experiments.item_filters import held_item
from experiments.item_keys import present_key
from experiments.models import Item, ItemEdit
from experiments.models.projects import Person
from experiments.permissions import require


@transaction.atomic
def undo_edit(*, edit: ItemEdit, by: Person | None) -> None:
    """Take one edit of an item back; others of it stay.

    Raises ActionConflict when it is undone already, or the item was changed since in the same parts.
    """
    require(by, edit.dataset.project, "edit_dataset")
    draft = draft_of_people(edit.dataset)
    [(now_edit, now, is_taken)] = with_rows(draft, [ItemEdit.objects.get(pk=edit.pk)])
    if now_edit.is_undone:
        raise ActionConflict(f"This edit of {edit.key} is undone already.")
    try:
        step = undoing_step(now_edit, now, is_taken)
    except Left as reason:
        raise ActionConflict(f"{edit.key}: {reason}") from reason
    write_steps(draft, [step], by)
    ItemEdit.objects.filter(pk=edit.pk).update(is_undone=True)


def revert_item(*, row: Item, by: Person | None) -> Item:
    """Give the item what this earlier row of it held, but its key; an item that was removed comes back.

    Raises StaleEdit when somebody changes it at the same moment.
    """
    now = held_item(row.dataset, present_key(row))
    if now is None:
        return restore_item(item=row, by=by)
    changes = {name: row.content[name] for name in CONTENT if name != "key"}
    return edit_item(item=now, seen_at=now.changed_at, changes=changes, by=by)
