"""Lists of the API: `{"items", "total", "next"}`, by cursor or offset, in an order that every page keeps."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from django.db.models import Q
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

DEFAULT_LIMIT, MOST = 50, 500
COUNTED = 10_000
Place = tuple[Any, int]
"""What a row is sorted by, and its primary key: where a cursor stands."""
NO_CURSOR = {"cursor": ["This is no cursor of this list: take it from `next`."]}


class PageQuery(serializers.Serializer[Any]):
    """Which part of a list is asked for."""

    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=DEFAULT_LIMIT)
    offset = serializers.IntegerField(min_value=0, max_value=COUNTED, default=0)
    cursor = serializers.CharField(required=False)


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: by one field, those without a value last, ties by id in the same direction."""

    field: str
    is_descending: bool = False

    def sort(self, rows: Any) -> Any:
        """Return the rows in this order."""
        key, pk = models.F(self.field), models.F("pk")
        if self.is_descending:
            return rows.order_by(key.desc(nulls_last=True), pk.desc())
        return rows.order_by(key.asc(nulls_last=True), pk.asc())

    def after(self, rows: Any, value: Any, pk: int) -> Any:
        """Return the rows that come after the one with this value and primary key."""
        beyond = "lt" if self.is_descending else "gt"
        later = Q(**{f"pk__{beyond}": pk})
        if value is None:
            return rows.filter(later, **{f"{self.field}__isnull": True})
        same = Q(**{self.field: value}) & later
        return rows.filter(same | Q(**{f"{self.field}__{beyond}": value}) | Q(**{f"{self.field}__isnull": True}))

    def value_of(self, row: models.Model) -> Any:
        """Return what a row is sorted by."""
        value: Any = row
        for name in self.field.split("__"):
            value = getattr(value, name, None)
        return value


class Listing(BasePagination):
    """Pages of a list; the view's `order` says which order."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page that the request asks for. Raises ValidationError."""
        asked = PageQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        query: Mapping[str, Any] = asked.validated_data
        self._order: Order = view.order
        self._request = request
        place = _decoded(query["cursor"]) if "cursor" in query else None
        queryset = self.looked_through(queryset, place, query["offset"], view)
        self.total = self.counted(queryset, view)
        rows = self._order.sort(queryset)
        if place is not None:
            rows = self._after(rows, place)
        found = list(rows[query["offset"] : query["offset"] + query["limit"] + 1])
        self._has_more = len(found) > query["limit"]
        self._page = found[: query["limit"]]
        return self._page

    def looked_through(self, rows: Any, place: Place | None, offset: int, view: Any) -> Any:  # noqa: ARG002 - for others
        """Return the rows among which this page lies; `place`: where its cursor stands."""
        return rows

    def _after(self, rows: Any, place: Place) -> Any:
        """Return the rows behind a place. Raises ValidationError for one of another order."""
        try:
            return self._order.after(rows, *place)
        except (TypeError, ValueError, InvalidValue):
            raise ValidationError(NO_CURSOR) from None

    def counted(self, rows: Any, view: Any) -> int | None:
        """Return how many rows there are: exact up to 10,000, else what the view has counted."""
        known: int | None = view.known_total() if hasattr(view, "known_total") else None
        return known if known is not None else min(COUNTED, rows.order_by()[: COUNTED + 1].count())

    def get_paginated_response(self, data: Any) -> Response:
        """Return the answer."""
        place = self.next_place()
        return Response({"items": data, "total": self.total, "next": self._address(place) if place else None})

    def next_place(self) -> Place | None:
        """Return the place behind which the next page begins; None: this is the last one."""
        if not self._has_more:
            return None
        last = self._page[-1]
        return self._order.value_of(last), last.pk

    def _address(self, place: Place) -> str:
        """Return the address of the page behind a place."""
        query = self._request.query_params.copy()
        query.pop("offset", None)
        query["cursor"] = _encoded(*place)
        return self._request.build_absolute_uri(f"{self._request.path}?{query.urlencode()}")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of an answer with items of this schema."""
        return {
            "type": "object",
            "required": ["items", "total", "next"],
            "properties": {
                "items": schema,
                "total": {"type": "integer", "description": f"Exact up to {COUNTED:,}."},
                "next": {"type": "string", "format": "uri", "nullable": True},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the parameters of every list."""
        del view  # the same for all
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
        offset = {"type": "integer", "minimum": 0, "maximum": COUNTED, "default": 0}
        return [
            {"name": "limit", "in": "query", "schema": limit},
            {"name": "offset", "in": "query", "schema": offset},
            {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "As in `next`."},
        ]


def _encoded(value: Any, pk: int) -> str:
    moment = value.isoformat() if isinstance(value, datetime) else None
    text = json.dumps([None if moment else value, moment, pk])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> Place:
    """Return the value and primary key that a cursor holds. Raises ValidationError for one that we never gave."""
    try:
        value, moment, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        is_ours = isinstance(pk, int) and isinstance(value, str | int | float | None) and isinstance(moment, str | None)
        if not is_ours:
            raise ValueError("no cursor of ours")
        return datetime.fromisoformat(moment) if moment else value, pk
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise ValidationError(NO_CURSOR) from None
