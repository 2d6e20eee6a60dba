"""The outputs of an experiment by API: what the grid shows, and its export."""

from typing import Any

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import OneOfField
from evalsite.api.lists import DEFAULT_LIMIT, MOST
from evalsite.api.views import VisibleViewSet, checked, created_once
from evalsite.downloads import TYPES, download
from experiments.models import Experiment, Item
from runs.actions import run_again
from runs.models import Run
from runs.result_addresses import address_of, result_at
from scoring.boards.leaderboard import row_name
from scoring.grid.cells import Cell, Row, Trial, results_per_item, rows_of
from scoring.grid.export import output_csv, output_jsonl
from scoring.grid.outputs import Mode
from scoring.grid.queries import Asked
from scoring.grid.search import page_of

MOST_RESULTS = 1_000
"""In one page of items."""


RUNS = OpenApiParameter("run", many=True, description="The id of a run, up to five times; left out: the first five.")


class OutputsFilter(serializers.Serializer[Any]):
    """Which outputs are asked for."""

    mode = OneOfField(choices=[(mode.value, mode.value) for mode in Mode], required=False)
    scorer = serializers.CharField(required=False, help_text="Values and failures by this scorer alone.")
    tag = serializers.CharField(required=False)
    split = serializers.CharField(required=False)
    text = serializers.CharField(
        required=False, help_text="In key, input, expected, or the first 200 characters of an output."
    )


class OutputsQuery(OutputsFilter):
    """Which page of them."""

    limit = serializers.IntegerField(
        min_value=1,
        max_value=MOST,
        default=DEFAULT_LIMIT,
        help_text=f"Fewer come where they have more than {MOST_RESULTS:,} results together: follow `next`.",
    )
    after = serializers.CharField(required=False, help_text="The position behind which the page begins, as in `next`.")


class OutputsExportQuery(OutputsFilter):
    """In which form."""

    format = OneOfField(choices=[(kind, kind) for kind in TYPES], default="csv")
    for_spreadsheets = serializers.BooleanField(default=False, help_text="An apostrophe before formulas (CSV).")


class OutputTrialSerializer(serializers.Serializer[Any]):
    """One result of an item."""

    id = serializers.CharField()
    trial = serializers.IntegerField()
    outcome = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    preview = serializers.CharField()
    detail = serializers.CharField()
    latency_ms = serializers.IntegerField(allow_null=True)
    cost_usd = serializers.FloatField(allow_null=True)


class OutputCellSerializer(serializers.Serializer[Any]):
    """What one run made of an item."""

    run_id = serializers.UUIDField()
    candidate = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="Over all trials; null: not judged.")
    results = OutputTrialSerializer(many=True, help_text="The stored trials, at most ten.")


class OutputRowSerializer(serializers.Serializer[Any]):
    """One item."""

    position = serializers.IntegerField()
    item_key = serializers.CharField(allow_null=True)
    input = serializers.JSONField(allow_null=True)
    expected = serializers.JSONField(allow_null=True)
    cells = OutputCellSerializer(many=True)


class OutputsSerializer(serializers.Serializer[Any]):
    """A page of outputs."""

    items = OutputRowSerializer(many=True)
    total = serializers.IntegerField(allow_null=True, help_text="Null: too many items to look through at once.")
    modes = serializers.DictField(
        child=serializers.IntegerField(), allow_null=True, help_text="How many items each has."
    )
    next = serializers.CharField(allow_null=True)


class AgainSerializer(serializers.Serializer[Any]):
    """The run that asks once more."""

    run_id = serializers.UUIDField()


class OutputsViewSet(VisibleViewSet):
    """Outputs of experiments."""

    queryset = Experiment.objects.select_related("project")
    serializer_class = OutputsSerializer

    @extend_schema(parameters=[OutputsQuery, RUNS], responses=OutputsSerializer)
    def outputs(self, request: Request, **_: Any) -> Response:
        """List items with what each run answered, of a mode and narrowed as the page of outputs does."""
        query = checked(OutputsQuery, request.query_params.dict())
        asked = self._asked(request)
        rows = min(query["limit"], max(1, MOST_RESULTS // max(1, results_per_item(asked.runs))))
        found = page_of(asked.outputs, asked.mode, asked.place, rows, asked.to_look_for)
        last = found.looked_to if found.looked_to is not None else max(found.positions, default=None)
        body = {
            "items": [_row(row) for row in rows_of(asked.outputs, found.positions)],
            "total": asked.exact.count(asked.mode) if asked.exact else None,
            "modes": {mode.value: asked.exact.count(mode) for mode in Mode} if asked.exact else None,
            "next": _next(request, last) if found.has_later and last is not None else None,
        }
        return Response(body)

    @extend_schema(
        parameters=[OutputsExportQuery, RUNS], responses={(200, kind): OpenApiTypes.STR for kind in TYPES.values()}
    )
    def export(self, request: Request, **_: Any) -> StreamingHttpResponse:
        """Return every result of what is asked for as CSV or JSON Lines, with whole outputs and all scores."""
        query = checked(OutputsExportQuery, request.query_params.dict())
        asked, kind = self._asked(request), query["format"]
        lines = (
            output_jsonl(asked) if kind == "jsonl" else output_csv(asked, is_for_spreadsheets=query["for_spreadsheets"])
        )
        return download(request._request, lines, name=f"outputs.{kind}", kind=kind)

    def _asked(self, request: Request) -> Asked:
        """Return what is asked for. Raises ValidationError for what does not fit."""
        asked = Asked.of(self.get_object(), request.query_params)
        if asked.problems:
            raise ValidationError({name: [sentence] for name, sentence in asked.problems.items()})
        return asked


class AgainViewSet(VisibleViewSet):
    """Asking once more."""

    queryset = Run.objects.select_related("experiment__project", "provider", "case_list")
    serializer_class = AgainSerializer

    @extend_schema(request=None, responses={201: AgainSerializer})
    def create(self, request: Request, **path: Any) -> Response:
        """Ask the configuration of a result's run once more about its item; the stored result stays."""
        found = result_at(self.get_queryset(), path["id"])
        if found is None:
            raise Http404
        run, result = found
        result.item = Item.objects.get(pk=result.item_id)
        answer, is_replay = created_once(
            request, lambda: {"run_id": str(run_again(run=run, result=result, by=request.user).uid)}
        )
        return Response(answer, status=201, headers={"Idempotency-Replayed": "true"} if is_replay else {})


def _next(request: Request, last: int) -> str:
    query = request.query_params.copy()
    query["after"] = str(last)
    return str(request.build_absolute_uri(f"{request.path}?{query.urlencode()}"))


def _row(row: Row) -> dict[str, Any]:
    item = row.item
    return {
        "position": row.position,
        "item_key": item.key if item else None,
        "input": item.input if item else None,
        "expected": item.expected if item else None,
        "cells": [_cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "run_id": str(cell.run.uid),
        "candidate": row_name(cell.run),
        "value": cell.value,
        "results": [_trial(cell.run, trial) for trial in cell.trials],
    }


def _trial(run: Run, trial: Trial) -> dict[str, Any]:
    result = trial.result
    return {
        "id": address_of(run, result.ordinal),
        "trial": result.trial,
        "outcome": result.outcome,
        "value": trial.value,
        "preview": result.preview,
        "detail": result.detail,
        "latency_ms": result.latency_ms,
        "cost_usd": None if result.cost_usd is None else float(result.cost_usd),
    }
