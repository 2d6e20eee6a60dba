"""Data files into datasets and out of them, by API."""

import json
from typing import Any

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import RequestSerializer
from evalsite.api.views import VisibleViewSet, changed, checked, find_or_404
from evalsite.downloads import download
from experiments.actions import cancel_import, start_import, upload_file
from experiments.exporting import KINDS, file_name, version_lines, version_numbered
from experiments.models import DataImport, Dataset


class ImportSerializer(serializers.ModelSerializer[DataImport]):
    """An import and how far it is."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    version_id = serializers.UUIDField(source="version.uid", default=None, allow_null=True)
    bad_rows = serializers.ListField(
        child=serializers.DictField(), help_text='The first 200: {"line", "reason"}; line counts from 1.'
    )

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

    file = serializers.FileField(help_text="CSV, TSV, JSON or JSON Lines, also packed as .gz.")
    mapping = serializers.CharField(
        required=False,
        help_text='JSON: {"input": "question", "expected": "answer", "key": "id"}; left out: by the columns\' names.',
    )
    merge = serializers.BooleanField(default=False, help_text="Keep items whose keys are not in the file.")
    skip_bad_rows = serializers.BooleanField(default=False, help_text="Else one bad row refuses the file.")
    note = serializers.CharField(required=False, default="", max_length=500, allow_blank=True)

    def validate_mapping(self, text: str) -> Any:
        """Return the mapping as JSON. Raises ValidationError."""
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValidationError(['Write JSON: {"input": "question", "expected": "answer"}.']) from error


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
        made = upload_file(project=dataset.project, name=dataset.name, file=values["file"], by=request.user)
        options = {
            "mapping": values.get("mapping"),
            "is_merge": values["merge"],
            "skips_bad_rows": values["skip_bad_rows"],
            "note": values["note"],
        }
        started = start_import(data_import=made, by=request.user, options=options)
        return changed(ImportSerializer(started).data, status=202)

    @extend_schema(
        parameters=[
            OpenApiParameter("version", int, description="Its number; left out: the newest."),
            OpenApiParameter("format", str, enum=KINDS, description="jsonl (default) keeps every type."),
            OpenApiParameter("for", str, enum=["spreadsheets"], description="CSV whose cells are no formulas."),
        ],
        responses={(200, "application/jsonl"): OpenApiTypes.STR, (200, "text/csv"): OpenApiTypes.STR},
    )
    def export(self, request: Request, *, id: str) -> HttpResponseBase:  # noqa: A002
        """Send the items of a version as a file."""
        dataset = find_or_404(self.get_queryset(), id)
        kind = request.query_params.get("format", KINDS[0])
        if kind not in KINDS:
            raise ValidationError({"format": [f"Write one of {', '.join(KINDS)}."]})
        purpose = request.query_params.get("for", "")
        if purpose not in ("", "spreadsheets") or (purpose and kind != "csv"):
            raise ValidationError({"for": ['Only "spreadsheets", together with format=csv.']})
        version = version_numbered(dataset, request.query_params.get("version", ""))
        if version is None:
            raise Http404
        lines = version_lines(version, kind, is_for_spreadsheets=bool(purpose))
        return download(request._request, lines, name=file_name(version, kind), kind=kind)


class ImportViewSet(VisibleViewSet):
    """Imports."""

    queryset = DataImport.objects.select_related("project", "version")
    serializer_class = ImportSerializer

    @extend_schema(request=None, responses=ImportSerializer)
    def cancel(self, request: Request, **_: Any) -> Response:
        """Stop an import; nothing of it is kept."""
        return changed(self.shown(cancel_import(data_import=self.get_object(), by=request.user)))
