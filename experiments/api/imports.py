"""Data files into datasets and out of them, by API."""

import hashlib
import json
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import FlagField, ObjectField, OneOfField, RequestSerializer, TextField, UploadField
from evalsite.api.lists import Order
from evalsite.api.views import VisibleViewSet, changed, checked, created_once, find_or_404, of_project
from evalsite.downloads import download
from experiments.actions import ActionConflict, cancel_import, start_import, upload_file
from experiments.actions.importing import DataFile, ImportOptions, Preview, preview_file
from experiments.actions.imports import checked_mapping
from experiments.api.library import BadRowSerializer
from experiments.exporting import KINDS, file_name, version_lines, version_numbered
from experiments.models import DataImport, Dataset, ImportStatus
from experiments.rows.new_items import BadRow


class ImportSerializer(serializers.ModelSerializer[DataImport]):
    """An import and how far it is."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    version_id = serializers.UUIDField(source="version.uid", default=None, allow_null=True)
    mapping = ObjectField(
        allow_null=True,
        help_text='{"input": column or {variable: column}, "key", ...}; where none was given, what the names of the '
        "columns were taken for, once it is completed.",
    )
    bad_rows = BadRowSerializer(many=True, help_text="The first 200; line counts from 1.")

    class Meta:
        model = DataImport
        fields = [
            "id",
            "project_id",
            "dataset_name",
            "file_name",
            "file_bytes",
            "mapping",
            "is_merge",
            "skips_bad_rows",
            "note",
            "status",
            "detail",
            "done_count",
            "total_count",
            "bad_row_count",
            "bad_rows",
            "version_id",
            "is_new_version",
            "created_at",
            "ended_at",
        ]


class NewImport(RequestSerializer):
    """A file and how it becomes the next version; sent as multipart/form-data."""

    file = UploadField(allow_empty_file=True, help_text="CSV, TSV, JSON or JSON Lines, also packed as .gz.")
    start = serializers.BooleanField(
        default=True,
        help_text="False: the file is kept only, to be looked at by imports/{id}/preview and started then.",
    )
    mapping = serializers.CharField(
        required=False,
        help_text='JSON: {"input": "question", "expected": "answer", "key": "id"}; left out: by the columns\' names.',
    )
    merge = serializers.BooleanField(
        default=False, help_text="Keep items whose keys are not in the file; else it replaces all."
    )
    skip_bad_rows = serializers.BooleanField(default=False, help_text="Else one bad row refuses the file.")
    note = serializers.CharField(required=False, default="", max_length=500, allow_blank=True)

    def validate_mapping(self, text: str) -> Any:
        """Return the mapping as JSON. Raises ValidationError."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValidationError(['Write JSON: {"input": "question", "expected": "answer"}.']) from error


class PreviewRequest(RequestSerializer):
    """What the columns mean; left out: what their names say."""

    mapping = ObjectField(required=False, allow_null=True, default=None, limit=65_536)


class StartImport(PreviewRequest):
    """How the file becomes the next version."""

    merge = FlagField(
        required=False, default=False, help_text="Keep items whose keys are not in the file; else it replaces all."
    )
    skip_bad_rows = FlagField(required=False, default=False, help_text="Else one bad row refuses the file.")
    note = TextField(required=False, default="", allow_blank=True, max_length=500)


class PreviewItemSerializer(serializers.Serializer[Any]):
    """A row as the item that it would become."""

    key = serializers.CharField()
    input = serializers.JSONField()
    expected = serializers.JSONField(allow_null=True)
    metadata = serializers.JSONField()
    tags = serializers.ListField(child=serializers.CharField())
    split = serializers.CharField(allow_blank=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """What the first 20 rows come to."""

    columns = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField(child=serializers.CharField(), help_text="Part of the item: its column.")
    items = PreviewItemSerializer(many=True)
    bad_rows = BadRowSerializer(many=True)


class ImportQuery(serializers.Serializer[Any]):
    """Which imports are asked for."""

    project_id = serializers.CharField(required=False)
    status = OneOfField(choices=ImportStatus.choices, required=False)
    dataset_id = serializers.CharField(required=False)


class DatasetExportQuery(RequestSerializer):
    """What a version of a dataset is exported as."""

    version = serializers.CharField(default="", help_text="Its number; left out: the newest.")
    format = OneOfField(choices=list(KINDS), default=KINDS[0], help_text="jsonl keeps every type.")
    for_spreadsheets = serializers.BooleanField(default=False, help_text="CSV whose cells are no formulas.")


class DatasetFileViewSet(VisibleViewSet):
    """The import and the export of one dataset."""

    queryset = Dataset.objects.select_related("project")
    parser_classes = [MultiPartParser]
    serializer_class = ImportSerializer

    def get_queryset(self) -> Any:
        """Return the datasets that people made."""
        return super().get_queryset().listed()

    @extend_schema(request={"multipart/form-data": NewImport}, responses={202: ImportSerializer})
    def import_file(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """Import a file as the dataset's next version: a worker does it, `imports/{id}` tells how far it is."""
        dataset = find_or_404(self.get_queryset(), id)
        values = checked(NewImport, request.data)
        file = values.pop("file")

        @transaction.atomic
        def make() -> dict[str, Any]:
            made = upload_file(project=dataset.project, name=dataset.name, file=file, by=request.user)
            if values.pop("start"):
                start_import(data_import=made, by=request.user, options=_options(values))
            return {"id": str(made.uid)}

        identity = [values.copy(), _digest(file)] if "Idempotency-Key" in request.headers else None
        answer = created_once(request, make, body=identity)[0]
        return changed(ImportSerializer(DataImport.objects.get(uid=answer["id"])).data, status=202)

    @extend_schema(
        parameters=[DatasetExportQuery],
        responses={(200, "application/jsonl"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
    )
    def export(self, request: Request, *, id: str) -> HttpResponseBase:  # noqa: A002
        """Send the items of a version as a file."""
        dataset = find_or_404(self.get_queryset(), id)
        query = checked(DatasetExportQuery, request.query_params.dict())
        kind, is_for_spreadsheets = query["format"], query["for_spreadsheets"]
        if is_for_spreadsheets and kind != "csv":
            raise ValidationError({"for_spreadsheets": ["Only together with format=csv."]})
        version = version_numbered(dataset, query["version"])
        if version is None:
            raise Http404
        lines = version_lines(version, kind, is_for_spreadsheets=is_for_spreadsheets)
        return download(request._request, lines, name=file_name(version, kind), kind=kind)


class ImportViewSet(ListModelMixin, VisibleViewSet):
    """Imports."""

    queryset = DataImport.objects.select_related("project", "version")
    serializer_class = ImportSerializer
    order = Order("created_at", is_descending=True)

    @extend_schema(parameters=[ImportQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List imports, the newest first."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        """Return the imports that the query asks for. Raises ValidationError, and Http404 for an unknown dataset."""
        query = checked(ImportQuery, self.request.query_params.dict()) if self.action == "list" else {}
        if "dataset_id" in query:
            dataset = find_or_404(Dataset.objects.visible_to(self.request.user).listed(), query["dataset_id"])
            queryset = queryset.filter(project=dataset.project_id, dataset_name=dataset.name)
        queryset = of_project(queryset, query.get("project_id"), self.request.user)
        return queryset.filter(status=query["status"]) if "status" in query else queryset

    @extend_schema(request=PreviewRequest, responses=PreviewSerializer)
    def preview(self, request: Request, **_: Any) -> Response:
        """Show what the first rows come to under a mapping; nothing is stored."""
        data_import = self.get_object()
        given = checked(PreviewRequest, request.data)["mapping"]
        if not data_import.path.exists():
            raise ActionConflict("Its file is not here any more: upload it again.")
        options = ImportOptions(
            given=None if given is None else checked_mapping(given), file_format=data_import.file_format
        )
        return Response(_previewed(preview_file(DataFile(data_import.path, data_import.file_name), options)))

    @extend_schema(request=StartImport, responses=ImportSerializer)
    def start(self, request: Request, **_: Any) -> Response:
        """Start an import whose file was uploaded only, or one that failed, with another mapping."""
        options = _options(checked(StartImport, request.data))
        return changed(self.shown(start_import(data_import=self.get_object(), by=request.user, options=options)))

    @extend_schema(request=None, responses=ImportSerializer)
    def cancel(self, request: Request, **_: Any) -> Response:
        """Stop an import; nothing of it is kept."""
        return changed(self.shown(cancel_import(data_import=self.get_object(), by=request.user)))


def _options(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "mapping": values.get("mapping"),
        "is_merge": values["merge"],
        "skips_bad_rows": values["skip_bad_rows"],
        "note": values["note"],
    }


def _digest(file: Any) -> str:
    """Return what tells this file from others."""
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    file.seek(0)
    return f"{file.name} {found.hexdigest()}"


def _previewed(found: Preview) -> dict[str, Any]:
    made = [row for _, row in found.rows]
    shown = {
        "columns": found.columns,
        "mapping": found.mapping.columns(),
        "items": [row for row in made if not isinstance(row, BadRow)],
        "bad_rows": [row for row in made if isinstance(row, BadRow)],
    }
    return dict(PreviewSerializer(shown).data)
