"""The admin's list of items: of one dataset, found in one reading however many items there are."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from experiments.admin.item_filters import chosen_dataset, looked_through
from experiments.item_filters import held_item
from experiments.item_search import LOOKED
from experiments.media import without_data
from experiments.models import Item
from experiments.rows.new_items import text_of

COUNTED = 10_000
INPUT_SHOWN, EXPECTED_SHOWN = 120, 60
NARROWING = ("q", "version", "split", "tag")
PLACE = "from"


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the list, as texts: Django's own cells cost as much processor time as all else of the page."""

    item: Item
    back: str = ""
    """The address of the list, to come back to."""

    @property
    def url(self) -> str:
        """Where an item of the draft is edited, and an earlier state of one is shown."""
        place = reverse("experiments:item-detail", args=[self.item.dataset.uid, self.item.pk])
        return f"{place}?{urlencode({'back': self.back})}" if self.back else place

    @property
    def input(self) -> str:
        """The beginning of the input."""
        variables = self.item.input if isinstance(self.item.input, dict) else {}
        text = " · ".join(f"{name}: {text_of(value)}" for name, value in variables.items()) or text_of(self.item.input)
        return Truncator(without_data(text)).chars(INPUT_SHOWN)

    @property
    def expected(self) -> str:
        """The beginning of what is expected."""
        return Truncator(text_of(self.item.expected)).chars(EXPECTED_SHOWN)

    @property
    def tags(self) -> str:
        """The tags as people read them."""
        return ", ".join(self.item.tag_list)

    @property
    def changer(self) -> str:
        """Who changed the item last."""
        return str(self.item.changed_by or "command line")


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
        self.clear_all_filters_qs = self.get_query_string(remove=[*NARROWING[1:], PLACE])
        self.without_search = self.get_query_string(remove=[SEARCH_VAR, PLACE])
        self.can_show_all, self.multi_page = False, self.paginator.count > self.list_per_page
        self.rows = [Row(item, request.get_full_path()) for item in self.result_list]
        self._tell_how_far(request)

    @property
    def headers(self) -> list[Any]:
        """The headings of the columns, as Django makes them."""
        return list(result_headers(self))

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the query with these changes; narrowed otherwise, looking begins anew."""
        if not set(new_params or {}) <= {PAGE_VAR, ORDER_VAR, PLACE}:
            remove = [*(remove or []), PLACE]
        return super().get_query_string(new_params, remove)

    def _tell_how_far(self, request: HttpRequest) -> None:
        """Note how many items were looked through for a text, where the others are, and whose very key it is."""
        self.looked, self.first, self.further, self.named = 0, "", "", None
        stretch, dataset = looked_through(request), chosen_dataset(request)
        if stretch is None or stretch.is_whole or dataset is None:
            return
        self.looked = LOOKED
        if stretch.start is not None:
            self.first = self.get_query_string(remove=[PLACE, PAGE_VAR])
        if stretch.next_start is not None:
            self.further = self.get_query_string({PLACE: stretch.next_start}, [PAGE_VAR])
        named = held_item(dataset, self.query.strip())
        if named is not None and named not in self.result_list:
            self.named = Row(named, request.get_full_path())

    def _rows(self, ids: list[int]) -> list[Any]:
        """Return the rows with these ids, in this order."""
        rows = Item.objects.select_related("dataset__project", "changed_by").in_bulk(ids)
        return [rows[pk] for pk in ids if pk in rows]


class _Plain:
    """The ids of a whole draft, counted and cut by its index."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        self._count = int(rows.order_by().count())

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> list[int]:
        """Return the ids of a page, read from the nearer end."""
        ids = self._rows.values_list("pk", flat=True)
        if part.start * 2 <= self._count:
            return list(ids[part])
        return list(ids.reverse()[self._count - min(part.stop, self._count) : self._count - part.start])[::-1]
