"""What people did to items by API: edits one by one and in bulk, and undoing both."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import ObjectField, OneOfField, RequestSerializer, TextField
from evalsite.api.views import VisibleViewSet, changed, checked, created_once, find_or_404
from experiments.actions import cancel_bulk_edit, start_bulk_edit, undo_bulk_edit, undo_edit
from experiments.item_filters import ItemFilter
from experiments.item_keys import edits_of
from experiments.models import BulkEdit, BulkKind, Dataset, ItemEdit
from experiments.models.datasets import ItemQuerySet

KEYS_AT_ONCE = 1000
ACTIONS = [kind for kind in BulkKind.values if kind != BulkKind.UNDO]
DATASET = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id of the dataset.")
NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="The edit's number, as in the list.")
KEY = OpenApiParameter("key", str, description="Only edits of the item with this key, also under former ones.")
BULK = OpenApiParameter("bulk", str, description="Only edits of this bulk edit.")


class BulkEditSerializer(serializers.ModelSerializer[BulkEdit]):
    """A bulk edit and how far it is."""

    id = serializers.UUIDField(source="uid")
    dataset_id = serializers.UUIDField(source="dataset.uid")
    action = serializers.ChoiceField(source="kind", choices=BulkKind.choices)
    undoes_id = serializers.UUIDField(source="undoes.uid", default=None, allow_null=True)
    left = serializers.ListField(child=serializers.CharField(), help_text="Why the first 200 items stay as they were.")
    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)

    class Meta:
        model = BulkEdit
        fields = [
            "id",
            "dataset_id",
            "action",
            "value",
            "undoes_id",
            "status",
            "detail",
            "total_count",
            "done_count",
            "edited_count",
            "left_count",
            "left",
            "created_by",
            "created_at",
            "ended_at",
        ]


class ItemEditSerializer(serializers.ModelSerializer[ItemEdit]):
    """One edit of one item: the parts that it changed, before and after."""

    number = serializers.IntegerField(source="pk")
    before = ObjectField(
        allow_null=True, help_text="The parts that differ, as they were; null: the item was not there."
    )
    after = ObjectField(allow_null=True, help_text="The same parts as they are; null: the item is there no more.")
    bulk_id = serializers.UUIDField(source="bulk.uid", default=None, allow_null=True)
    kind = serializers.ChoiceField(choices=["added", "changed", "removed"])
    changed_by = serializers.CharField(source="changed_by.username", default=None, allow_null=True)

    class Meta:
        model = ItemEdit
        fields = [
            "number",
            "key",
            "kind",
            "draft_number",
            "before",
            "after",
            "bulk_id",
            "is_undone",
            "changed_by",
            "changed_at",
        ]


class WhereSerializer(RequestSerializer):
    """The items that a search leaves; without anything all items."""

    key = TextField(required=False, help_text="Stands in the key.")
    text = TextField(required=False, help_text="Stands in the input or in what is expected.")
    tag = TextField(required=False)
    split = TextField(required=False)


class NewBulkEdit(RequestSerializer):
    """What is to be done with which items: `keys`, or `where`."""

    action = OneOfField(choices=ACTIONS)
    value = TextField(required=False, default="", allow_blank=True, help_text="The tag or the split.")
    keys = serializers.ListField(
        required=False, child=TextField(), max_length=KEYS_AT_ONCE, help_text="Of the items; at most 1,000."
    )
    where = WhereSerializer(required=False, help_text="{}: all items.")

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values when they choose items in one way. Raises ValidationError."""
        if ("keys" in values) == ("where" in values):
            raise ValidationError({"keys": ["Choose the items by keys, or by where; {} is all of them."]})
        return values


class BulkEditViewSet(VisibleViewSet):
    """Bulk edits."""

    queryset = BulkEdit.objects.select_related("dataset__project", "undoes", "created_by")
    serializer_class = BulkEditSerializer

    @extend_schema(request=None, responses=BulkEditSerializer)
    def cancel(self, request: Request, **_: Any) -> Response:
        """Stop a bulk edit; what it has edited stays, and can be undone."""
        return changed(self.shown(cancel_bulk_edit(bulk=self.get_object(), by=request.user)))

    @extend_schema(request=None, responses={202: BulkEditSerializer})
    def undo(self, request: Request, **_: Any) -> Response:
        """Take a bulk edit back as one step; the answer is the bulk edit that does it."""
        return changed(self.shown(undo_bulk_edit(bulk=self.get_object(), by=request.user)), status=202)


class DatasetBulkEditViewSet(BulkEditViewSet):
    """The bulk edits of one dataset."""

    def get_queryset(self) -> Any:
        """Return those of the dataset that the address names. Raises Http404."""
        return super().get_queryset().filter(dataset=_dataset(self.request, self.kwargs["id"]))

    def list(self, *_: Any, **__: Any) -> Response:
        """List bulk edits, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(BulkEditSerializer(page, many=True).data)

    @extend_schema(request=NewBulkEdit, responses={202: BulkEditSerializer})
    def create(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """Edit many items of the draft: at once up to 1,000, more by a worker: see `bulk-edits/{id}`."""
        dataset, values = _dataset(request, id), checked(NewBulkEdit, request.data)
        items, kind = _chosen(dataset, values), values["action"]

        def make() -> dict[str, Any]:
            bulk = start_bulk_edit(dataset=dataset, kind=kind, items=items, by=request.user, value=values["value"])
            return {"id": str(bulk.uid)}

        answer, _ = created_once(request, make)
        return changed(self.shown(find_or_404(self.get_queryset(), answer["id"])), status=202)


class ItemEditViewSet(VisibleViewSet):
    """The edits of a dataset's items."""

    queryset = ItemEdit.objects.select_related("bulk", "changed_by", "dataset__project")
    serializer_class = ItemEditSerializer

    @extend_schema(parameters=[DATASET, KEY, BULK])
    def list(self, request: Request, *, id: str) -> Response:  # noqa: A002
        """List edits, newest first."""
        edits, query = self._edits(id), request.query_params
        if "key" in query:
            edits = edits.filter(edits_of(_dataset(request, id), query["key"].replace("\0", "")))
        if "bulk" in query:
            edits = edits.filter(bulk=find_or_404(BulkEdit.objects.visible_to(request.user), query["bulk"]))
        page = self.paginate_queryset(edits)
        return self.get_paginated_response(ItemEditSerializer(page, many=True).data)

    @extend_schema(parameters=[DATASET, NUMBER], request=None, responses=ItemEditSerializer)
    def undo(self, request: Request, *, id: str, number: str) -> Response:  # noqa: A002
        """Take one edit back; 409 when it is undone, or the item has been changed since in the same parts."""
        edit = self._edits(id).filter(pk=int(number)).first()
        if edit is None:
            raise Http404
        undo_edit(edit=edit, by=request.user)
        return changed(self.shown(self._edits(id).get(pk=edit.pk)))

    def _edits(self, uid: str) -> Any:
        return self.get_queryset().filter(dataset=_dataset(self.request, uid))


def _dataset(request: Request, uid: str) -> Dataset:
    found: Dataset = find_or_404(Dataset.objects.visible_to(request.user).listed().select_related("project"), uid)
    return found


def _chosen(dataset: Dataset, values: dict[str, Any]) -> ItemQuerySet:
    """Return the rows that a request chooses."""
    removed = "1" if values["action"] == BulkKind.RESTORE else ""
    if "where" in values:
        return ItemFilter(**values["where"], removed=removed).found(dataset)
    rows: ItemQuerySet = ItemFilter(removed=removed).found(dataset).filter(key__in=values["keys"])
    return rows
