"""The items of a dataset's draft by API; an item is addressed by its key."""

from functools import partial
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import ObjectField, RequestSerializer, TextField, TextOrObjectField
from evalsite.api.lists import COUNTED, NO_CURSOR, Listing, Order, Place
from evalsite.api.problems import PreconditionFailed
from evalsite.api.views import VisibleViewSet, answered, changed, check_match, checked, created_once, find_or_404
from experiments.actions import StaleEdit, add_item, edit_item, remove_item, restore_item
from experiments.item_filters import ItemFilter, held_item
from experiments.item_search import LOOKED, Stretch
from experiments.models import Dataset, Item
from experiments.version_diffs import removed_items

KEY = OpenApiParameter("key", str, OpenApiParameter.PATH, description="The item's key, percent-encoded.")
UNCOUNTED = f"Exact up to {COUNTED:,}; null: a text is looked for in {LOOKED:,} items a page, and there are more."
INPUT_LIMIT = 1024 * 1024


class ItemSerializer(serializers.ModelSerializer[Item]):
    """An item of the draft, or of a version."""

    tags = serializers.ListField(source="tag_list", child=serializers.CharField())
    metadata = ObjectField()
    changed_by = serializers.CharField(source="changed_by.username", default=None, allow_null=True)

    class Meta:
        model = Item
        fields = ["key", "input", "expected", "metadata", "tags", "split", "changed_by", "changed_at"]


class ItemChange(RequestSerializer):
    """What changes of an item; what is left out stays."""

    key = TextField(required=False, max_length=200)
    input = TextOrObjectField(required=False, limit=INPUT_LIMIT, help_text="Text, or an object of named variables.")
    expected = serializers.JSONField(
        required=False, allow_null=True, help_text="A value, or a list of accepted ones; null: none."
    )
    metadata = ObjectField(required=False, limit=INPUT_LIMIT)
    tags = serializers.ListField(required=False, child=TextField(max_length=200))
    split = TextField(required=False, allow_blank=True, max_length=100)


class NewItem(ItemChange):
    """An item that is to be added at the end of the draft."""

    key = TextField(max_length=200)
    input = TextOrObjectField(limit=INPUT_LIMIT, help_text="Text, or an object of named variables.")


class RestoredItem(RequestSerializer):
    """A removed item that is to come back."""

    key = TextField(max_length=200)


class ItemQuery(serializers.Serializer[Any]):
    """Which items are asked for."""

    key = serializers.CharField(required=False, help_text="Stands in the key.")
    text = serializers.CharField(required=False, help_text="Stands in the input or in what is expected.")
    tag = serializers.CharField(required=False)
    split = serializers.CharField(required=False)
    removed = serializers.BooleanField(default=False, help_text="The items that the draft has no more.")


class ItemListing(Listing):
    """Pages of items: of a text, each looks through 10,000 of them, and where there are more nobody counts."""

    _stretch: Stretch | None = None

    def looked_through(self, rows: Any, place: Place | None, offset: int, view: Any) -> Any:
        """Return the rows among which a page lies. Raises ValidationError for an offset where it means nothing."""
        whole = view.stretch_from(None)
        if whole is None or whole.is_whole:
            return rows
        if offset:
            raise ValidationError({"offset": [f"A text is looked for in {LOOKED:,} items a page: follow `next`."]})
        self._stretch = whole if place is None else view.stretch_from(_position(place))
        return self._stretch.within(rows)

    def counted(self, rows: Any, view: Any) -> int | None:
        """Return how many there are; None where a page looks through a part of them."""
        return super().counted(rows, view) if self._stretch is None else None

    def next_place(self) -> Place | None:
        """Return the place behind which the next page begins, in this stretch or the next one."""
        place = super().next_place()
        if place is None and self._stretch is not None and self._stretch.next_start is not None:
            return self._stretch.next_start, 0
        return place

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of an answer: here nobody may have counted."""
        found = super().get_paginated_response_schema(schema)
        found["properties"]["total"] |= {"nullable": True, "description": UNCOUNTED}
        return found


def _position(place: Place) -> int:
    """Return the position that a cursor stands at. Raises ValidationError for a cursor of another list."""
    if not isinstance(place[0], int):
        raise ValidationError(NO_CURSOR)
    return place[0]


class ItemViewSet(VisibleViewSet):
    """Items of the draft: listed, added, changed, removed, restored."""

    queryset = Dataset.objects.select_related("project")
    pagination_class = ItemListing
    serializer_class = ItemSerializer
    order = Order("position")

    def _dataset(self, uid: str) -> Dataset:
        dataset: Dataset = find_or_404(self.get_queryset().listed(), uid)
        return dataset

    def _item(self, uid: str, key: str) -> Item:
        item = held_item(self._dataset(uid), key)
        if item is None:
            raise Http404
        return item

    @extend_schema(parameters=[ItemQuery], responses=ItemSerializer(many=True))
    def list(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """List items in their order. Of a text, a page may be empty and have a `next`."""
        asked, dataset = checked(ItemQuery, request.query_params), self._dataset(id)
        wanted = ItemFilter(**{**asked, "removed": "1" if asked["removed"] else ""})
        self.stretch_from = partial(wanted.stretch, dataset)
        found = wanted.found(dataset)
        page = self.paginate_queryset(found.select_related("changed_by"))
        return self.get_paginated_response(ItemSerializer(page, many=True).data)

    @extend_schema(request=NewItem, responses={201: ItemSerializer})
    def create(self, request: Request, *, id: str) -> Response:  # noqa: A002
        """Add an item at the end of the draft."""
        dataset, values = self._dataset(id), checked(NewItem, request.data)

        def make() -> dict[str, Any]:
            return {"key": add_item(dataset=dataset, content=values, by=request.user).key}

        return changed(_shown(self._item(id, created_once(request, make)[0]["key"])), status=201)

    @extend_schema(request=RestoredItem, responses={201: ItemSerializer})
    def restore(self, request: Request, *, id: str) -> Response:  # noqa: A002
        """Put a removed item back, as it was last and where it was."""
        dataset, key = self._dataset(id), checked(RestoredItem, request.data)["key"]
        item = removed_items(dataset).filter(key=key).select_related("dataset__project").first()
        if item is None:
            raise Http404
        return changed(_shown(restore_item(item=item, by=request.user)), status=201)

    @extend_schema(parameters=[KEY])
    def retrieve(self, request: Request, *, id: str, key: str) -> Response:  # noqa: A002
        """Return one item of the draft."""
        return answered(request, _shown(self._item(id, key)))

    @extend_schema(parameters=[KEY], request=ItemChange, responses=ItemSerializer)
    def partial_update(self, request: Request, *, id: str, key: str) -> Response:  # noqa: A002
        """Change an item of the draft; frozen versions keep theirs. With If-Match only as it was seen."""
        item = self._item(id, key)
        check_match(request, _shown(item))
        values = checked(ItemChange, request.data)
        try:
            return changed(_shown(edit_item(item=item, seen_at=item.changed_at, changes=values, by=request.user)))
        except StaleEdit:
            raise PreconditionFailed from None

    @extend_schema(parameters=[KEY], responses={204: None})
    def destroy(self, request: Request, *, id: str, key: str) -> Response:  # noqa: A002
        """Take an item out of the draft; frozen versions keep it. With If-Match only as it was seen."""
        item = self._item(id, key)
        check_match(request, _shown(item))
        try:
            remove_item(item=item, seen_at=item.changed_at, by=request.user)
        except StaleEdit:
            raise PreconditionFailed from None
        return Response(status=204)


def _shown(item: Item) -> Any:
    return ItemSerializer(item).data
