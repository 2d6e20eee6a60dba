"""The versions of datasets by API: frozen, read, compared, brought back."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import RequestSerializer, TextField
from evalsite.api.lists import Order
from evalsite.api.views import VisibleViewSet, changed, checked, created_once, find_or_404
from experiments.actions import clone_dataset, freeze_dataset, restore_version
from experiments.api.imports import ImportSerializer
from experiments.api.items import ItemSerializer
from experiments.api.library import DatasetSerializer, DatasetVersionSerializer
from experiments.models import DataImport, Dataset, DatasetVersion, Item
from experiments.version_diffs import KINDS, VersionDiff

SHOW = OpenApiParameter("show", str, enum=KINDS, description="Which changes are listed; left out: changed.")
WITH = OpenApiParameter("with", str, description="Id of another version; left out: the one before this one.")


class NewVersion(RequestSerializer):
    """A version that is to be frozen."""

    note = TextField(required=False, default="", allow_blank=True, max_length=500)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One part of an item that differs, as texts."""

    part = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """An item that is not in both states as it is."""

    key = serializers.CharField(source="item.key")
    kind = serializers.ChoiceField(choices=KINDS)
    before = ItemSerializer(allow_null=True)
    after = ItemSerializer(allow_null=True)
    differences = DifferenceSerializer(many=True)


class DatasetFreezeViewSet(VisibleViewSet):
    """The draft of a dataset as a whole."""

    queryset = Dataset.objects.select_related("project")
    serializer_class = DatasetVersionSerializer
    order = Order("position")

    @extend_schema(request=NewVersion, responses={200: DatasetVersionSerializer, 201: DatasetVersionSerializer})
    def freeze(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """Freeze the draft as the next version: 201; a draft without edits gives the newest version back: 200."""
        dataset = find_or_404(self.get_queryset().listed(), id)
        values = checked(NewVersion, request.data if request.data is not None else {})
        newest = dataset.versions.first()
        version = freeze_dataset(dataset=dataset, by=request.user, note=values["note"])
        is_new = newest is None or newest.pk != version.pk
        return changed(self.shown(version), status=201 if is_new else 200)

    @extend_schema(parameters=[SHOW], responses=ChangeSerializer(many=True))
    def diff(self, request: Request, *, id: str) -> Response:  # noqa: A002
        """List what the draft changes of the newest version."""
        dataset = find_or_404(self.get_queryset().listed(), id)
        return _listed(self, request, VersionDiff(dataset, dataset.draft_number - 1, dataset.draft_number))


class NewClone(RequestSerializer):
    """A dataset that is to be made of another."""

    name = TextField(required=False, max_length=200, help_text="Left out: its name and (copy).")


class DatasetCloneViewSet(VisibleViewSet):
    """Datasets made of others."""

    queryset = Dataset.objects.select_related("project")
    serializer_class = DatasetSerializer

    @extend_schema(request=NewClone, responses={201: DatasetSerializer, 202: ImportSerializer})
    def create(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """Make a dataset with the items of the newest version: 201; above 1,000 items a worker does: 202."""
        dataset = find_or_404(self.get_queryset().listed(), id)
        values = checked(NewClone, request.data if request.data is not None else {})

        def make() -> dict[str, Any]:
            made = clone_dataset(dataset=dataset, by=request.user, name=values.get("name"))
            if isinstance(made, DataImport):
                return {"import": str(made.uid)}
            return {"dataset": str(made.dataset.uid)}

        answer = created_once(request, make)[0]
        if "import" in answer:
            started = find_or_404(DataImport.objects.visible_to(request.user), answer["import"])
            return changed(ImportSerializer(started).data, status=202)
        return changed(self.shown(find_or_404(self.get_queryset(), answer["dataset"])), status=201)


class VersionViewSet(VisibleViewSet):
    """Frozen versions of datasets."""

    queryset = DatasetVersion.objects.filter(dataset__is_hidden=False).select_related("dataset__project")
    serializer_class = DatasetVersionSerializer
    order = Order("position")

    @extend_schema(responses=ItemSerializer(many=True))
    def items(self, *_: Any, **__: Any) -> Response:
        """List the items of a version in their order."""
        page = self.paginate_queryset(self.get_object().items.select_related("changed_by"))
        return self.get_paginated_response(ItemSerializer(page, many=True).data)

    @extend_schema(parameters=[WITH, SHOW], responses=ChangeSerializer(many=True))
    def diff(self, request: Request, **_: Any) -> Response:
        """List what this version changes of the one before it, or of another one of its dataset."""
        version = self.get_object()
        other = version.number - 1
        if "with" in request.query_params:
            other = self._other(version, request.query_params["with"]).number
        first, second = sorted((other, version.number))
        return _listed(self, request, VersionDiff(version.dataset, first, second))

    @extend_schema(request=None, responses={200: DatasetVersionSerializer, 202: ImportSerializer})
    def restore(self, request: Request, **_: Any) -> Response:
        """Make the items of this version the next one; above 1,000 items a worker does: see `imports/{id}`.

        409 while the draft has edits that no version holds.
        """
        restored = restore_version(version=self.get_object(), by=request.user)
        if isinstance(restored, DataImport):
            return changed(ImportSerializer(restored).data, status=202)
        return changed(self.shown(restored))

    def _other(self, version: DatasetVersion, uid: str) -> DatasetVersion:
        other: DatasetVersion = find_or_404(self.get_queryset(), uid)
        if other.dataset_id != version.dataset_id:
            raise Http404
        return other


def _listed(view: VisibleViewSet, request: Request, diff: VersionDiff) -> Response:
    """Return a page of the changes of the kind that is asked for, with the counts of every kind."""
    kind = request.query_params.get("show", "changed")
    if kind not in KINDS:
        raise ValidationError({"show": [f"Write one of {', '.join(KINDS)}."]})
    counts = diff.counts()
    rows = diff.rows(kind) if counts[kind] else Item.objects.none()
    page = view.paginate_queryset(rows.select_related("changed_by")) or []
    answer = view.get_paginated_response(ChangeSerializer(diff.changes(kind, list(page)), many=True).data)
    answer.data["counts"] = counts
    return answer
