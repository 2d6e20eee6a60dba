"""What a curator is asked before a bulk edit: an address of its own, so that Back never sends a form again."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, QueryDict

from experiments.admin.item_filters import chosen_dataset, place_from
from experiments.models import BulkKind
from experiments.models.datasets import ItemQuerySet

KINDS = {
    "tag": BulkKind.TAG,
    "untag": BulkKind.UNTAG,
    "move_to_split": BulkKind.MOVE,
    "remove": BulkKind.REMOVE,
    "restore": BulkKind.RESTORE,
}
"""What the actions above the list do."""
NEEDED = {BulkKind.TAG: "tag", BulkKind.UNTAG: "tag", BulkKind.MOVE: "split"}
"""What a bulk edit needs to be told."""
OFFERED = {"tag": "tag_names", "split": "split_names"}
"""The dataset's field with the names that are offered for it."""
ACTION, CHOSEN, VALUE = "bulk", "chosen", "value"
ALL = "all"
"""Stands in an address for all items of the list."""
KEYS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BulkQuestion:
    """A bulk edit that is asked for and not confirmed yet, as an address holds it."""

    action: str
    """The name of the list's action."""
    chosen: tuple[str, ...]
    """The ids of the items; `ALL` alone: all items of the list."""
    value: str = ""
    """The tag or the split that was typed."""

    @classmethod
    def posted(cls, request: HttpRequest) -> "BulkQuestion":
        """Return what the list, or the question itself, has sent."""
        is_all = request.POST.get("select_across") == "1"
        chosen = (ALL,) if is_all else tuple(request.POST.getlist(ACTION_CHECKBOX_NAME))
        return cls(request.POST["action"], chosen, request.POST.get("value", ""))

    @classmethod
    def taken_from(cls, request: HttpRequest) -> "BulkQuestion":
        """Return what the address asks; the request is left with the narrowing of the list alone."""
        query = request.GET.copy()
        action, chosen, value = (query.pop(name, [""])[-1] for name in (ACTION, CHOSEN, VALUE))
        request.META["QUERY_STRING"] = query.urlencode()
        request.GET = QueryDict(request.META["QUERY_STRING"])
        known = tuple(pk for pk in chosen.split(".") if pk == ALL or place_from(pk) is not None)
        return cls(action, known, value)

    def address(self, request: HttpRequest) -> str:
        """Return the address of the question about the list that the request is narrowed to."""
        asked = {ACTION: self.action, CHOSEN: ".".join(self.chosen), VALUE: self.value}
        return f"{request.path}?{urlencode([*request.GET.lists(), *asked.items()], doseq=True)}"

    @property
    def kind(self) -> BulkKind | None:
        """What would be done; None: the address names nothing that can be."""
        return KINDS.get(self.action)

    @property
    def is_all(self) -> bool:
        """Whether it is about all items of the list."""
        return self.chosen == (ALL,)

    def items(self, listed: ItemQuerySet) -> ItemQuerySet:
        """Return the items of the list that would be edited."""
        if self.kind is None:
            return listed.none()
        ids = [pk for pk in self.chosen if pk != ALL]
        return editable(listed if self.is_all else listed.filter(pk__in=ids), self.kind)

    def context(self, request: HttpRequest, items: ItemQuerySet) -> dict[str, Any]:
        """Return what the page shows that asks."""
        dataset, needed = chosen_dataset(request), NEEDED.get(self.kind or BulkKind.UNDO, "")
        return {
            "question": self,
            "count": items.count(),
            "keys": items.values_list("key", flat=True)[:KEYS_SHOWN],
            "needed": needed,
            "names": list(getattr(dataset, OFFERED[needed])) if dataset and needed else [],
            "is_removal": self.kind == BulkKind.REMOVE,
        }


def editable(rows: ItemQuerySet, kind: BulkKind | None) -> ItemQuerySet:
    """Return those of the rows that a bulk edit of this kind is about: what is gone to restore, else what is held."""
    return rows.filter(until__isnull=kind != BulkKind.RESTORE)
