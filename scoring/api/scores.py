"""Scores of people by API."""

from typing import Any, cast

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from evalsite.api.fields import METADATA_LIMIT, NumberField, ObjectField, RequestSerializer, WholeField
from evalsite.api.views import VisibleViewSet, answered, changed, check_match, checked, find_or_404
from experiments.identifiers import uid_from
from runs.models import Result, Run
from runs.result_addresses import result_at
from scoring.actions import Rating, change_rating, delete_rating, rate_result, rate_run, run_of
from scoring.models import RunRating, Score
from scoring.rating.score_json import rating_shown, scores_of


class NewScore(RequestSerializer):
    """What a person says of a run or a result."""

    scorer_name = serializers.RegexField(
        r"^[a-z0-9_-]{1,100}\Z",
        trim_whitespace=False,
        help_text="An unknown one becomes a person scorer where you may edit; else 403, which names those there are.",
        error_messages={"invalid": "A name holds a-z, 0-9, _ and - only, up to 100 of them."},
    )
    value = NumberField()
    metadata = ObjectField(required=False, allow_null=True, default=None, limit=METADATA_LIMIT)
    revision = WholeField(required=False, min_value=1, help_text="Of the scorer as you saw it: 400 where it changed.")

    def validate_scorer_name(self, name: str) -> str:
        """Return the name. Raises ValidationError for a number, which the field would write as text."""
        if not isinstance(self.initial_data["scorer_name"], str):
            raise ValidationError("Write a text.")
        return name


class ScoreChange(RequestSerializer):
    """Another value for a score."""

    value = NumberField()
    metadata = ObjectField(required=False, allow_null=True, default=None, limit=METADATA_LIMIT)


class ScoreSerializer(serializers.Serializer[Any]):
    """A score of a result, or a person's of a run as a whole."""

    id = serializers.UUIDField(allow_null=True, help_text="Of people's scores only.")
    run_id = serializers.UUIDField()
    result = serializers.CharField(allow_null=True, help_text="Its address; null: the run as a whole.")
    scorer = serializers.CharField()
    source = serializers.ChoiceField(choices=["person", "code"])  # type: ignore[assignment] # a field, not the property
    kind = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment] # a field, not the property
    extracted = serializers.CharField(allow_null=True)
    explanation = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    metadata = serializers.DictField(allow_null=True)
    history = serializers.ListField()
    created_at = serializers.DateTimeField()


class RunScoreViewSet(VisibleViewSet):
    """Scores that people give to runs."""

    queryset = Run.objects.select_related("experiment__project")
    serializer_class = ScoreSerializer

    @extend_schema(request=NewScore, responses={201: ScoreSerializer})
    def create(self, request: Request, **_: Any) -> Response:
        """Score a run: its result where it has one only, else the run as a whole."""
        run = self.get_object()
        values = checked(NewScore, request.data)
        return _scored(rate_run(run=run, by=request.user, **values))


class ResultScoreViewSet(VisibleViewSet):
    """Scores that people give to results."""

    queryset = Run.objects.select_related("experiment__project")
    serializer_class = ScoreSerializer

    @extend_schema(
        parameters=[OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH, description="run id.ordinal")],
        request=NewScore,
        responses={201: ScoreSerializer},
    )
    def create(self, request: Request, id: str) -> Response:  # noqa: A002 - the route's name
        """Score one result."""
        found = result_at(self.get_queryset(), id)
        if found is None:
            raise Http404
        values = checked(NewScore, request.data)
        run, result = found
        return _scored(rate_result(run=run, result=result, by=request.user, **values))


class ScoreViewSet(GenericViewSet[Any]):
    """People's scores, changed and taken back by their author or an owner."""

    queryset = RunRating.objects.all()
    serializer_class = ScoreSerializer
    lookup_field = "uid"
    lookup_url_kwarg = "id"

    @extend_schema(responses=ScoreSerializer)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """Return one score, or 304 where the caller has it already."""
        return answered(request, shown(_rating_or_404(request, id)))

    @extend_schema(request=ScoreChange, responses=ScoreSerializer)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Replace the value; the former one stays in the history."""
        rating, values = _rating_or_404(request, id), checked(ScoreChange, request.data)

        def check(found: Rating) -> None:
            check_match(request, shown(found))

        return changed(shown(change_rating(rating=rating, by=request.user, check=check, **values)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take a score back."""

        def check(found: Rating) -> None:
            check_match(request, shown(found))

        delete_rating(rating=_rating_or_404(request, id), by=request.user, check=check)
        return Response(status=204)


def shown(rating: Rating) -> dict[str, Any]:
    """Return a person's score as the API shows it."""
    if isinstance(rating, RunRating):
        return rating_shown(rating)
    return scores_of(run_of(rating), [rating])[0]


def _scored(rating: Rating) -> Response:
    return changed(shown(rating), status=201)


def _rating_or_404(request: Request, id: str) -> Rating:  # noqa: A002
    """Return the person's score with this id. Raises Http404 also for one of a project that is not the caller's."""
    uid = uid_from(id)
    score = Score.objects.by_people().filter(uid=uid).select_related("scorer").first() if uid else None
    if score is None:
        rating: Rating = find_or_404(RunRating.objects.visible_to(request.user), id)
        return rating
    if not Run.objects.visible_to(request.user).filter(pk=Result(pk=score.result_id).run_id).exists():
        raise Http404
    return cast("Score", score)
