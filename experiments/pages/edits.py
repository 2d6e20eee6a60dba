"""The pages about what people did to items: the history of a dataset, and one bulk edit."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest

from evalsite.addresses import query_with
from experiments.identifiers import uid_from
from experiments.item_history import differences_of
from experiments.item_keys import edits_of
from experiments.models import BulkEdit, BulkStatus, ItemEdit
from experiments.models.projects import Person
from experiments.pages.datasets import DatasetHead
from experiments.permissions import may
from experiments.version_diffs import Difference

ROWS = 50
BULK_ROWS = 10


@dataclass(frozen=True)
class EditRow:
    """One edit of one item."""

    edit: ItemEdit
    differences: list[Difference]


@dataclass(frozen=True)
class DatasetHistoryPage:
    """The edits of a dataset's items, newest first: in bulk, and one by one; or those of one item or one bulk edit."""

    head: DatasetHead
    bulk_edits: list[BulkEdit]
    rows: list[EditRow]
    key: str
    """Only of this item; "": of all."""
    bulk: BulkEdit | None
    """Only those of this bulk edit; None: those that were done one by one."""
    first_query: str
    next_query: str

    @classmethod
    def build(cls, uid: object, request: HttpRequest) -> "DatasetHistoryPage":
        """Return the page that the query asks for: key, bulk, before. Raises Http404."""
        head = DatasetHead.build(uid, request.user, "History")
        bulk = _asked_bulk(head, request.GET.get("bulk", ""))
        key = request.GET.get("key", "").replace("\0", "").strip()
        before = request.GET.get("before", "")
        edits = ItemEdit.objects.filter(dataset=head.dataset).select_related("changed_by", "bulk__undoes")
        edits = edits.filter(edits_of(head.dataset, key)) if key else edits.filter(bulk=bulk)
        if before.isascii() and before.isdecimal() and len(before) < 19:
            edits = edits.filter(pk__lt=int(before))
        shown = list(edits.order_by("-pk")[: ROWS + 1])
        first = not before and not key and bulk is None
        return cls(
            head,
            _newest_bulk_edits(head) if first else [],
            [EditRow(edit, differences_of(edit)) for edit in shown[:ROWS]],
            key,
            bulk,
            query_with(request, before=None) if before else "",
            query_with(request, before=shown[ROWS - 1].pk) if len(shown) > ROWS else "",
        )


def _newest_bulk_edits(head: DatasetHead) -> list[BulkEdit]:
    undoing = BulkEdit.objects.filter(undoes=OuterRef("pk"), status=BulkStatus.COMPLETED)
    newest = head.dataset.bulk_edits.select_related("undoes", "created_by").annotate(is_undone=Exists(undoing))
    return list(newest[:BULK_ROWS])


def _asked_bulk(head: DatasetHead, uid: str) -> BulkEdit | None:
    if not uid:
        return None
    known = uid_from(uid)
    found: BulkEdit | None = head.dataset.bulk_edits.filter(uid=known).first() if known else None
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class BulkEditPage:
    """One bulk edit: how far it is, what it came to, what can be done about it."""

    bulk: BulkEdit
    can_edit: bool
    undoable_count: int
    """How many of its edits are not undone yet."""

    @classmethod
    def build(cls, uid: object, user: Person) -> "BulkEditPage":
        """Return the page of a bulk edit that this person may see. Raises Http404."""
        bulk = bulk_edit_of(uid, user)
        undoable = bulk.edits.filter(is_undone=False).count() if bulk.is_over else 0
        return cls(bulk, may(user, bulk.dataset.project, "edit_dataset"), undoable)

    @property
    def is_running(self) -> bool:
        """Whether somebody works on it, or will."""
        return self.bulk.status == BulkStatus.RUNNING

    @property
    def percent(self) -> int:
        """How much of it is done."""
        return round(100 * self.bulk.done_count / max(self.bulk.total_count, 1))


def bulk_edit_of(uid: object, user: Person) -> BulkEdit:
    """Return a bulk edit that this person may see. Raises Http404."""
    visible = BulkEdit.objects.visible_to(user).select_related("dataset__project", "undoes", "created_by")
    found: BulkEdit | None = visible.filter(uid=uid).first()
    if found is None:
        raise Http404
    return found
