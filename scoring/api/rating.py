"""Rating blind by API: one answer after the other, without saying whose it is; and all ratings by person."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import ObjectField, OneOfField, RequestSerializer, TextField, WholeField
from evalsite.api.views import VisibleViewSet, checked
from experiments.models import Experiment
from runs.models import Result
from runs.transcripts import output_of
from scoring.models import Showing
from scoring.rating.export import COLUMNS, rating_records, ratings_csv
from scoring.rating.rateable import Rateable, RatingOrder
from scoring.rating.showings import LONGEST_COMMENT, rate_shown, show_next, show_skipped_again, skip_shown, undo_last

ORDER = OpenApiParameter("order", OpenApiTypes.STR, enum=[one.value for one in RatingOrder], default="random")


class OrderQuery(serializers.Serializer[Any]):
    """In which order results come."""

    order = OneOfField(choices=[one.value for one in RatingOrder], default=RatingOrder.RANDOM.value)


class FormatQuery(serializers.Serializer[Any]):
    """In which form ratings are exported."""

    format = OneOfField(choices=["json", "csv"], default="json")


class ShowingRequest(RequestSerializer):
    """Which showing is meant."""

    id = serializers.UUIDField()


class RatingRequest(ShowingRequest):
    """A value for each scorer that people give."""

    values = ObjectField(help_text="Scorer name: number.")
    comment = TextField(required=False, allow_blank=True, default="", max_length=LONGEST_COMMENT)
    revisions = serializers.DictField(
        child=WholeField(), default=dict, help_text="Scorer name: its revision as you saw it; 400 where it changed."
    )


class QuestionSerializer(serializers.Serializer[Any]):
    """What is asked under one scorer."""

    name = serializers.CharField()
    low = serializers.FloatField(source="range_low")
    high = serializers.FloatField(source="range_high")
    revision = serializers.IntegerField(help_text="Of its scale and instructions.")


class ShownSerializer(serializers.Serializer[Any]):
    """One answer with its item; nothing of the candidate."""

    id = serializers.UUIDField()
    item = serializers.CharField()
    input = serializers.JSONField()
    expected = serializers.JSONField(allow_null=True)
    output = serializers.CharField(allow_blank=True)
    scorers = serializers.ListField(child=serializers.CharField(), help_text="Those that are asked about this item.")
    given = ObjectField(help_text="What was given here and taken back.")


class RatingSerializer(serializers.Serializer[Any]):
    """How far the caller is, and what comes next."""

    rated = serializers.IntegerField()
    total = serializers.IntegerField()
    skipped = serializers.IntegerField()
    scorers = QuestionSerializer(many=True)
    next = ShownSerializer(allow_null=True, help_text="Null: nothing waits.")


class RatingRecordSerializer(serializers.Serializer[Any]):
    """One rating by one person."""

    candidate = serializers.CharField()
    item = serializers.CharField(allow_null=True, help_text="Null: the run as a whole.")
    trial = serializers.IntegerField(allow_null=True)
    result = serializers.CharField(allow_null=True)
    run = serializers.UUIDField()
    scorer = serializers.CharField()
    person = serializers.CharField(allow_null=True, help_text="Null: the account was deleted.")
    value = serializers.FloatField()
    comment = serializers.CharField(allow_blank=True)
    rated_at = serializers.DateTimeField()


class RatingRecordsSerializer(serializers.Serializer[Any]):
    """All ratings of an experiment."""

    items = RatingRecordSerializer(many=True)
    total = serializers.IntegerField()


class RatingViewSet(VisibleViewSet):
    """Rating the answers of an experiment."""

    queryset = Experiment.objects.select_related("project")
    serializer_class = RatingSerializer

    @extend_schema(parameters=[ORDER], responses=RatingSerializer)
    def retrieve(self, request: Request, *_: Any, **__: Any) -> Response:
        """Return the next answer that the caller has not rated; the same one until it is rated or skipped."""
        return self._next(request)

    @extend_schema(parameters=[ORDER], request=RatingRequest, responses=RatingSerializer)
    def rate(self, request: Request, **_: Any) -> Response:
        """Rate what was shown, and return the next."""
        values = checked(RatingRequest, request.data)
        showing = self._showing(request, values["id"])
        given = {name: values[name] for name in ("values", "comment", "revisions")}
        rate_shown(showing=showing, by=request.user, **given)
        return self._next(request)

    @extend_schema(parameters=[ORDER], request=ShowingRequest, responses=RatingSerializer)
    def skip(self, request: Request, **_: Any) -> Response:
        """Leave what was shown unrated, and return the next."""
        values = checked(ShowingRequest, request.data)
        skip_shown(showing=self._showing(request, values["id"]), by=request.user)
        return self._next(request)

    @extend_schema(parameters=[ORDER], request=None, responses=RatingSerializer)
    def undo(self, request: Request, **_: Any) -> Response:
        """Take the last rating or skip back, and return what it was about."""
        undo_last(experiment=self.get_object(), by=request.user)
        return self._next(request)

    @extend_schema(parameters=[ORDER], request=None, responses=RatingSerializer)
    def again(self, request: Request, **_: Any) -> Response:
        """Let what was skipped come again, and return the next."""
        show_skipped_again(experiment=self.get_object(), by=request.user)
        return self._next(request)

    @extend_schema(
        parameters=[OpenApiParameter("format", OpenApiTypes.STR, enum=["json", "csv"], default="json")],
        responses={200: RatingRecordsSerializer, (200, "text/csv"): OpenApiTypes.STR},
    )
    def ratings(self, request: Request, **_: Any) -> HttpResponse:
        """Return all ratings by person, as JSON or as a CSV file."""
        experiment = self.get_object()
        if checked(FormatQuery, request.query_params)["format"] == "csv":
            return HttpResponse(ratings_csv(experiment), content_type="text/csv; charset=utf-8")
        records = [{name: record[name] for name in COLUMNS} for record in rating_records(experiment)]
        return Response({"items": records, "total": len(records)})

    def _showing(self, request: Request, uid: UUID) -> Showing:
        """Return the caller's showing with this id. Raises Http404."""
        mine = Showing.objects.select_related("experiment__project").filter(person_id=request.user.pk)
        found = mine.filter(experiment=self.get_object(), uid=uid).first()
        if found is None:
            raise Http404
        return found

    def _next(self, request: Request) -> Response:
        order = RatingOrder(checked(OrderQuery, request.query_params)["order"])
        rateable = Rateable.of(self.get_object())
        showing = show_next(rateable=rateable, order=order, by=request.user)
        progress = rateable.progress_of(request.user)
        return Response(
            {
                "rated": progress.rated,
                "total": progress.total,
                "skipped": progress.skipped,
                "scorers": QuestionSerializer(rateable.scorers, many=True).data,
                "next": None if showing is None else _shown(showing, rateable),
            }
        )


def _shown(showing: Showing, rateable: Rateable) -> dict[str, Any]:
    result = Result.objects.select_related("item", "transcript").get(pk=showing.result_id)
    return {
        "id": str(showing.uid),
        "item": result.item.key,
        "input": result.item.input,
        "expected": result.item.expected,
        "output": output_of(result),
        "scorers": [spec.name for spec in rateable.scorers_for(result.item)],
        "given": showing.given,
    }
