"""Editing many items of a draft as one: chosen, edited in short transactions, cancelled, undone.

A worker edits what is too much for a request. Whoever is killed leaves the row of the bulk edit; the watcher sees that
its beat stands still and has it taken over: each chunk is edited once, for its edits and the count of the items that
are done are one transaction.
"""

from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task

from experiments.actions.bulk_steps import chosen_steps, stamp_of
from experiments.actions.datasets import draft_of_people
from experiments.actions.item_content import stored_content
from experiments.actions.item_steps import write_steps
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.chunks import Pace, chunks
from experiments.cleaning import clean_text
from experiments.models import BulkChunk, BulkEdit, BulkKind, BulkStatus, Dataset
from experiments.models.datasets import ItemQuerySet
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.wording import counted

CHUNK = 50  # items that are written down together; of them as many are edited in one transaction as other writers bear
IN_REQUEST = 1000  # items that are edited before the request is answered; more are a worker's
LEFT_KEPT = 200
TAG_LENGTH = 200
MOST_TRIES = 5
CHUNKS_WRITTEN_AT_ONCE = 100


class _Stopped(Exception):
    """A person has cancelled, or another job works on it: the chunk is not edited."""


def start_bulk_edit(
    *, dataset: Dataset, kind: str, items: ItemQuerySet, by: Person | None, value: str = ""
) -> BulkEdit:
    """Edit these items of the dataset; up to 1,000 at once, more by a worker.

    `items` are rows of the draft; to restore, rows of items that it has no more. `value` is the tag or the split.
    Raises ActionRefused for no items and a value that does not fit, ActionConflict while a file is being written or
    another bulk edit is to edit some of these items: each would leave what the other has changed.
    """
    require(by, dataset.project, "edit_dataset")
    if kind not in BulkKind.values or kind == BulkKind.UNDO:
        raise ActionRefused("action", f"the action is one of {', '.join(BulkKind.values[:-1])}")
    rows = items.filter(dataset=dataset, until__isnull=kind != BulkKind.RESTORE)
    found = [(pk, stamp_of(at)) for pk, at in rows.order_by("position", "id").values_list("pk", "changed_at")]
    _check_free(dataset, {pk for pk, _ in found})
    bulk = BulkEdit(dataset=dataset, kind=kind, value=_checked_value(kind, value), created_by=user_of(by))
    return _begun(bulk, found, "No items are chosen: choose some, then do it again.")


def undo_bulk_edit(*, bulk: BulkEdit, by: Person | None) -> BulkEdit:
    """Take back what a bulk edit did, as one step; items that were changed since in the same parts stay as they are.

    Returns the bulk edit that undoes, which may be undone itself. Raises ActionConflict while the other one goes on,
    ActionRefused when nothing of it is left.
    """
    require(by, bulk.dataset.project, "edit_dataset")
    if not BulkEdit.objects.filter(pk=bulk.pk, ended_at__isnull=False).exists():
        raise ActionConflict("This bulk edit goes on: cancel it, then undo it.")
    edits = bulk.edits.filter(is_undone=False).order_by("-pk").values_list("pk", flat=True)
    undo = BulkEdit(dataset=bulk.dataset, kind=BulkKind.UNDO, undoes=bulk, created_by=user_of(by))
    return _begun(undo, ((pk, 0) for pk in edits.iterator()), "Nothing of this bulk edit is left to undo.")


def cancel_bulk_edit(*, bulk: BulkEdit, by: Person | None) -> BulkEdit:
    """Stop a bulk edit; what it has edited stays, and can be undone. Raises ActionConflict when it has ended."""
    require(by, bulk.dataset.project, "edit_dataset")
    running = BulkEdit.objects.running().filter(pk=bulk.pk)
    if not running.update(status=BulkStatus.CANCELLED, ended_at=timezone.now()):
        raise ActionConflict("This bulk edit has ended already.")
    bulk.refresh_from_db()
    return bulk


def run_bulk_edit(bulk: BulkEdit) -> None:
    """Edit the items that are not done yet; what stands against it is said at the bulk edit."""
    if not bulk.take():
        return
    try:
        require(bulk.created_by, bulk.dataset.project, "edit_dataset")
        pace = Pace(size=CHUNK // 2)
        while bulk.done_count < bulk.total_count:
            _edit_some(bulk, pace)
    except _Stopped:
        return
    except (ActionRefused, ActionConflict, PermissionDenied) as refusal:
        _end(bulk, BulkStatus.FAILED, str(refusal))
    except Exception as error:
        if bulk.lease >= MOST_TRIES:
            _end(bulk, BulkStatus.FAILED, f"given up after {MOST_TRIES} tries: {error}")
        raise
    else:
        _end(bulk, BulkStatus.COMPLETED)


def wake_bulk_edit(bulk_id: int) -> None:
    """Have a worker edit, once the present transaction is committed."""
    transaction.on_commit(
        lambda: async_task("experiments.tasks.edit_in_bulk", bulk_id, q_options={"task_name": "bulk edit"}), robust=True
    )


def _checked_value(kind: str, value: str) -> str:
    """Return the tag or the split as it is stored. Raises ActionRefused."""
    clean = clean_text(value).strip()
    if kind in (BulkKind.TAG, BulkKind.UNTAG):
        if not clean:
            raise ActionRefused("tag", "Name the tag.")
        if len(clean) > TAG_LENGTH:
            raise ActionRefused("tag", f"the tag has {len(clean)} characters; {TAG_LENGTH} are allowed")
        stored_content({"key": "the items", "input": "-", "tags": [clean]})
        return clean
    if kind == BulkKind.MOVE:
        stored_content({"key": "the items", "input": "-", "split": clean})
        return clean
    return ""


def _check_free(dataset: Dataset, chosen: set[int]) -> None:
    """Raise ActionConflict when a bulk edit that goes on has yet to come to some of these rows."""
    for other in dataset.bulk_edits.running().exclude(kind=BulkKind.UNDO).select_related("created_by"):
        number, done = divmod(other.done_count, CHUNK)
        parts = other.chunks.filter(number__gte=number).order_by("number").values_list("rows", flat=True)
        both = sum(pk in chosen for pk, _ in islice(chain.from_iterable(parts.iterator()), done, None))
        if both:
            raise ActionConflict(
                f'The bulk edit "{other}" by {other.created_by or "the command line"} has yet to come to '
                f"{counted(both, 'item')} of these: wait for it, or cancel it, then repeat yours."
            )


def _begun(bulk: BulkEdit, rows: Iterable[tuple[int, int]], none_left: str) -> BulkEdit:
    """Write the chosen rows down, in short transactions; then edit them, or have a worker do it."""
    chosen = list(rows)
    if not chosen:
        raise ActionRefused("items", none_left)
    bulk.save()
    for part in chunks(enumerate(chunks(chosen, CHUNK)), CHUNKS_WRITTEN_AT_ONCE):
        BulkChunk.objects.bulk_create(BulkChunk(bulk=bulk, number=number, rows=pairs) for number, pairs in part)
    total = len(chosen)
    BulkEdit.objects.filter(pk=bulk.pk).update(status=BulkStatus.RUNNING, total_count=total)
    if total <= IN_REQUEST:
        run_bulk_edit(bulk)
    else:
        wake_bulk_edit(bulk.pk)
    bulk.refresh_from_db()
    return bulk


def _edit_some(bulk: BulkEdit, pace: Pace) -> None:
    """Edit the next items, in one transaction. Raises _Stopped, ActionConflict."""
    number, done = divmod(bulk.done_count, CHUNK)
    size = min(pace.size, CHUNK - done)
    with pace.transaction(size, lambda: draft_of_people(bulk.dataset)) as draft:
        chunk = bulk.chunks.filter(number=number).first()
        if chunk is None:  # another job has edited all
            raise _Stopped
        rows = chunk.rows[done : done + size]
        chosen = chosen_steps(draft, bulk, rows)
        if chosen.steps:
            write_steps(draft, chosen.steps, bulk.created_by, bulk)
        counts = _counts(bulk, len(rows), len(chosen.steps), chosen.left)
        if not BulkEdit.objects.held(bulk.pk, bulk.lease).update(beat=F("beat") + 1, **counts):
            raise _Stopped
    for name, value in counts.items():
        setattr(bulk, name, value)


def _counts(bulk: BulkEdit, done: int, edited: int, left: list[str]) -> dict[str, Any]:
    return {
        "done_count": bulk.done_count + done,
        "edited_count": bulk.edited_count + edited,
        "left_count": bulk.left_count + len(left),
        "left": [*bulk.left, *left][:LEFT_KEPT],
    }


def _end(bulk: BulkEdit, status: BulkStatus, detail: str = "") -> None:
    """Note how it ended; what was chosen is needed no more."""
    held = BulkEdit.objects.held(bulk.pk, bulk.lease)
    if held.update(status=status, detail=detail, ended_at=timezone.now()):
        for pks in chunks(list(bulk.chunks.values_list("pk", flat=True)), CHUNKS_WRITTEN_AT_ONCE):
            BulkChunk.objects.filter(pk__in=pks).delete()
