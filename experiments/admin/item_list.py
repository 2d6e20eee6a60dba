"""The admin's list of items: of one dataset, found in one reading however many items there are."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest

from experiments.models import Item

COUNTED = 10_000
NARROWING = ("q", "version", "split", "tag")


class ItemList(ChangeList):
    """Counts all items of a draft, by its index; those of a narrower list up to 10,000, on the way to its page."""

    is_counted = True
    """Whether the count is that of all, not 10,000 of more."""

    def get_results(self, request: HttpRequest) -> None:
        """Find the page that is asked for. Raises IncorrectLookupParameters for one that is not there."""
        narrowed = any(request.GET.get(name) for name in NARROWING)
        ids = list(self.queryset.values_list("pk", flat=True)[: COUNTED + 1]) if narrowed else None
        self.is_counted = ids is None or len(ids) <= COUNTED
        found: Any = _Plain(self.queryset) if ids is None else ids[:COUNTED]
        self.paginator = Paginator(found, self.list_per_page)
        try:
            shown = list(self.paginator.page(self.page_num).object_list)
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        self.result_list = self._rows(shown)
        self.result_count, self.full_result_count = self.paginator.count, None
        self.show_full_result_count, self.show_admin_actions = False, True
        self.has_active_filters = any(request.GET.get(name) for name in NARROWING[1:])
        self.clear_all_filters_qs = self.get_query_string(remove=list(NARROWING[1:]))
        self.without_search = self.get_query_string(remove=[SEARCH_VAR])
        self.can_show_all, self.multi_page = False, self.paginator.count > self.list_per_page

    def _rows(self, ids: list[int]) -> list[Any]:
        """Return the rows with these ids, in this order."""
        rows = Item.objects.select_related("dataset__project", "changed_by").in_bulk(ids)
        return [rows[pk] for pk in ids if pk in rows]


class _Plain:
    """The ids of a whole draft, counted and cut by its index."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return int(self._rows.order_by().count())

    def __getitem__(self, part: slice) -> list[int]:
        return list(self._rows.values_list("pk", flat=True)[part])
