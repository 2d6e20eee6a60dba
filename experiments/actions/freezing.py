"""Freezing datasets: a version is what the draft holds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction

from experiments.actions.datasets import draft_of_people, refuse_while_filled
from experiments.actions.label_names import note_names
from experiments.actions.refusals import ActionConflict, ActionRefused
from experiments.canonical import content_hash
from experiments.cleaning import clean_text
from experiments.models import Dataset, DatasetVersion, Item
from experiments.models.projects import Person
from experiments.permissions import require, user_of
from experiments.rows.new_items import BadRow

ROWS_AT_ONCE = 100  # read at once
BAD_ROWS_KEPT = 1000
NOTE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Contents:
    """What a version comes to."""

    content_hash: str
    item_count: int
    added_count: int
    changed_count: int
    removed_count: int
    bad_rows: Sequence[BadRow] = ()
    """The first rows of the file that were left out."""
    bad_row_count: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether it differs in nothing from the version before: every edit was undone."""
        return not (self.added_count or self.changed_count or self.removed_count)


def freeze_dataset(*, dataset: Dataset, by: Person | None, note: str = "") -> DatasetVersion:
    """Freeze the draft as the next version; a draft without edits gives the newest version back.

    Raises ActionRefused for a draft without items, ActionConflict when somebody edits while it is read.
    """
    require(by, dataset.project, "edit_dataset")
    note = checked_note(note)
    seen = Dataset.objects.get(pk=dataset.pk)
    refuse_while_filled(seen)
    newest = seen.versions.first()
    if newest is not None and not seen.draft_edit_count:
        return newest
    if seen.bulk_edits.running().exists():
        raise ActionConflict(f"A bulk edit of {seen} goes on: wait for it, or cancel it, then freeze.")
    contents = _contents_of(seen)  # read before the lock: a large draft would hold all other writers up
    if newest is not None and contents.is_nothing:
        Dataset.objects.filter(pk=seen.pk, draft_edit_count=seen.draft_edit_count).update(draft_edit_count=0)
        return newest
    if not contents.item_count:
        raise ActionRefused("items", f"{seen} has no items: add some, then freeze.")
    with transaction.atomic():
        draft = draft_of_people(seen)
        if (draft.draft_number, draft.draft_edit_count) != (seen.draft_number, seen.draft_edit_count):
            raise ActionConflict(f"Somebody edited {draft} at this moment: freeze it again.")
        version = number_draft(draft, contents, by, note)
    note_names(version.dataset)
    return version


def checked_note(note: str) -> str:
    """Return a version's note as it is stored. Raises ActionRefused for one that is too long."""
    clean = clean_text(note).strip()
    if len(clean) > NOTE_LENGTH:
        raise ActionRefused("note", f"the note has {len(clean)} characters; {NOTE_LENGTH} are allowed")
    return clean


def number_draft(draft: Dataset, contents: Contents, by: Person | None, note: str) -> DatasetVersion:
    """Number the locked draft as a version and open the next draft, which nobody has written into."""
    version = DatasetVersion.objects.create(
        dataset=draft,
        number=draft.draft_number,
        content_hash=contents.content_hash,
        item_count=contents.item_count,
        added_count=contents.added_count,
        changed_count=contents.changed_count,
        removed_count=contents.removed_count,
        note=note,
        bad_row_count=contents.bad_row_count,
        bad_rows=[asdict(row) for row in contents.bad_rows[:BAD_ROWS_KEPT]],
        frozen_by=user_of(by),
    )
    Dataset.objects.filter(pk=draft.pk).update(draft_number=draft.draft_number + 1, draft_edit_count=0, filling_hash="")
    return version


def _contents_of(draft: Dataset) -> Contents:
    """Read what the draft of people comes to."""
    rows = Item.objects.filter(dataset=draft)
    held = rows.in_draft().order_by("position", "id")
    begun = set(rows.filter(since=draft.draft_number).values_list("key", flat=True))
    ended = set(rows.filter(until=draft.draft_number).values_list("key", flat=True))
    return Contents(
        content_hash=content_hash(item.content for item in held.iterator(ROWS_AT_ONCE)),
        item_count=held.count(),
        added_count=len(begun - ended),
        changed_count=len(begun & ended),
        removed_count=len(ended - begun),
    )
