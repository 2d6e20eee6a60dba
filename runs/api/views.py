"""Runs by API: listed, started ad hoc, paused, resumed, cancelled and retried; their results."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import (
    FlagField,
    ObjectField,
    PromptField,
    RequestSerializer,
    TextField,
    TextOrObjectField,
)
from evalsite.api.lists import Order
from evalsite.api.views import VisibleViewSet, answered, checked, created_once, find_or_404
from experiments.identifiers import uid_from
from experiments.media_store import media_loaded
from experiments.models import Experiment, Item, Project, Provider
from experiments.permissions import require
from runs.actions import AdHocConfig, cancel_run, pause_run, resume_run, retry_failed, start_ad_hoc
from runs.actions.offering import provider_offering
from runs.api.details import stages_of
from runs.api.run_filters import RunQuery, asked_runs, order_of
from runs.api.shapes import ResultDetailSerializer, ResultSerializer, RunDetailSerializer, RunSerializer
from runs.curl import curl_of
from runs.lanes.foreground import Foreground
from runs.live.liveness import NO_WORKER, workers
from runs.live.watching import progress_of
from runs.models import Result, Run, RunStatus
from runs.models.results import ResultQuerySet
from runs.outcomes import CHOICES
from runs.requested import input_from, messages_from, params_from
from runs.result_addresses import result_at
from runs.transcripts import messages_of
from scoring.models import Score
from scoring.rating.score_json import scores_of

RESULT_ID = OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH, description="run id.ordinal")
MOST_WAIT_S = 60
LOOK_EVERY_S = 0.1
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,6})(?![\d.])")


class AdHocRequest(RequestSerializer):
    """A configuration and its input."""

    model = TextField(max_length=200)
    prompt = PromptField()
    params = ObjectField(required=False, default=dict, limit=65_536)
    input_data = TextOrObjectField(required=False, allow_null=True, default=None)
    provider = TextField(
        required=False, allow_null=True, help_text="Id or name; left out: the one provider that offers the model."
    )


class RunRequest(RequestSerializer):
    """An ad-hoc run that is to be made."""

    experiment_id = TextField()
    config = AdHocRequest()
    reuse = FlagField(required=False, default=False, help_text="Return the completed run of the same configuration.")


class AdHocRunSerializer(RunDetailSerializer):
    """The answer to an ad-hoc run."""

    reused = serializers.SerializerMethodField()

    class Meta(RunDetailSerializer.Meta):
        fields = [*RunDetailSerializer.Meta.fields, "reused"]

    def get_reused(self, run: Run) -> bool:
        """Return whether it is an earlier run and no call is made."""
        del run
        return bool(self.context.get("is_reused"))


class RunViewSet(ListModelMixin, VisibleViewSet):
    """Runs."""

    queryset = Run.objects.select_related("experiment__project", "standing", "provider")
    serializer_class = RunSerializer

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        """Return what shows a run: briefly in lists."""
        return RunSerializer if self.action == "list" else RunDetailSerializer

    def filter_queryset(self, queryset: Any) -> Any:
        """Return the runs that the query asks for. Raises ValidationError, and Http404 for an unknown experiment."""
        query = checked(RunQuery, self.request.query_params.dict())
        self.order = order_of(query)
        return asked_runs(queryset, query, self.request.user)

    @extend_schema(parameters=[RunQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List runs, the newest start first, those never started last."""
        return super().list(request, *args, **kwargs)

    def get_object(self) -> Any:
        """Return the run of the address; its query filters nothing."""
        return find_or_404(self.get_queryset(), self.kwargs["id"])

    @extend_schema(
        request=RunRequest,
        responses={200: AdHocRunSerializer, 201: AdHocRunSerializer},
        parameters=[OpenApiParameter("Prefer", str, OpenApiParameter.HEADER, description="wait=N, at most 60 s")],
    )
    def create(self, request: Request) -> Response:
        """Run one configuration over one input."""
        values = checked(RunRequest, request.data)
        wait_s = _wait_of(request)
        experiment = find_or_404(Experiment.objects.visible_to(request.user), values["experiment_id"])
        require(request.user, experiment.project, "start")
        config = _config(experiment.project, values["config"])
        with _working_here() as foreground:

            def make() -> dict[str, Any]:
                run, is_reused = start_ad_hoc(
                    experiment=experiment,
                    config=config,
                    by=request.user,
                    is_reusing=values["reuse"],
                    owner=foreground.owner if foreground else "",
                )
                return {"id": str(run.uid), "is_reused": is_reused}

            answer, is_replay = created_once(request, make)
            run = self.get_queryset().get(uid=answer["id"])
            if foreground and not is_replay and not run.is_finished:
                foreground.work([run.pk])
        _wait_for(run, wait_s)
        return self._answer(answer, is_replay=is_replay)

    def _answer(self, answer: dict[str, Any], *, is_replay: bool) -> Response:
        run = self.get_queryset().get(uid=answer["id"])
        context = {**self.get_serializer_context(), "is_reused": answer["is_reused"]}
        body = dict(AdHocRunSerializer(run, context=context).data)
        if run.status == RunStatus.PENDING and not workers.is_alive():
            body["status_reason"] = NO_WORKER
        headers = {"Idempotency-Replayed": "true"} if is_replay else {}
        return Response(body, status=200 if answer["is_reused"] else 201, headers=headers)

    @extend_schema(request=None, responses=RunDetailSerializer)
    def pause(self, request: Request, **_: Any) -> Response:
        """Let no new call begin; open calls end and are stored."""
        return self._acted(request, pause_run)

    @extend_schema(request=None, responses=RunDetailSerializer)
    def resume(self, request: Request, **_: Any) -> Response:
        """Go on with a paused, cancelled or failed run."""
        return self._acted(request, resume_run)

    @extend_schema(request=None, responses=RunDetailSerializer)
    def cancel(self, request: Request, **_: Any) -> Response:
        """End the run where it stands; results are kept."""
        return self._acted(request, cancel_run)

    @extend_schema(request=None, responses=RunDetailSerializer)
    def retry(self, request: Request, **_: Any) -> Response:
        """Run the errored results again; the former are kept as attempts."""
        return self._acted(request, retry_failed)

    def _acted(self, request: Request, action: Any) -> Response:
        action(run=self.get_object(), by=request.user)
        return Response(self.shown(self.get_object()))


class CurlSerializer(serializers.Serializer[Any]):
    """A call as a shell command."""

    command = serializers.CharField(
        allow_null=True, help_text="Its keys are variables of the shell; null: no request is kept, or none over HTTP."
    )


class ResultViewSet(VisibleViewSet):
    """Results of runs."""

    queryset = Run.objects.select_related("experiment__project")
    serializer_class = ResultSerializer
    order = Order("pk")

    @extend_schema(
        parameters=[OpenApiParameter("outcome", enum=[value for value, _ in CHOICES])],
        responses=ResultSerializer(many=True),
    )
    def list(self, request: Request, id: str) -> Response:  # noqa: A002 - the route's name
        """List the results of a run in the order of their ordinals."""
        self._run = find_or_404(self.get_queryset(), id)
        rows: ResultQuerySet = Result.objects.of_run(self._run)
        outcome = request.query_params.get("outcome")
        if outcome is not None:
            if outcome not in dict(CHOICES):
                raise ValidationError({"outcome": [f"there are {', '.join(dict(CHOICES))}"]})
            rows = rows.with_outcome(outcome)
        page: Any = self.paginate_queryset(rows)
        context = {"run": self._run, "keys": _keys_of(page)}
        return self.get_paginated_response(ResultSerializer(page, many=True, context=context).data)

    def known_total(self) -> int | None:
        """Return how many results the run has, from its counters; None: only some of them are asked for."""
        if "outcome" in self.request.query_params:
            return None
        return progress_of([self._run.pk])[0].totals.results

    @extend_schema(
        parameters=[RESULT_ID],
        responses=ResultDetailSerializer,
    )
    def retrieve(self, request: Request, *_: Any, **path: Any) -> Response:
        """Return one result with its transcript, stages and scores."""
        run, result = self._found(path["id"])
        context = {
            "run": run,
            "keys": _keys_of([result]),
            "messages": media_loaded(messages_of(result)),
            "stages": stages_of(run, result),
            "scores": scores_of(run, Score.objects.filter(result_id=result.pk)),
        }
        return answered(request, ResultDetailSerializer(result, context=context).data)

    @extend_schema(parameters=[RESULT_ID], responses=CurlSerializer)
    def curl(self, *_: Any, **path: Any) -> Response:
        """Return the call that made a result as a shell command without secrets."""
        run, result = self._found(path["id"])
        return Response({"command": curl_of(run, result, messages_of(result))})

    def _found(self, address: str) -> tuple[Run, Result]:
        found = result_at(self.get_queryset(), address)
        if found is None:
            raise Http404
        return found


def _keys_of(results: list[Result]) -> dict[int, str]:
    rows = Item.objects.filter(pk__in={result.item_id for result in results})
    return dict(rows.values_list("pk", "key"))


def _config(project: Project, values: dict[str, Any]) -> AdHocConfig:
    """Return what the run takes. Raises ActionRefused, and Http404 for a provider that is not of the project."""
    given = input_from(values["input_data"])
    messages = messages_from(values["prompt"], has_input=bool(given))
    provider = _provider(project, values)
    params = params_from(values["params"], provider)
    return AdHocConfig(provider, values["model"], messages, params, given)


def _provider(project: Project, values: dict[str, Any]) -> Provider:
    named = values.get("provider")
    if named is None:
        return provider_offering(project, values["model"])
    rows = Provider.objects.filter(project=project)
    uid = uid_from(named)
    found: Provider | None = (rows.filter(uid=uid).first() if uid else None) or rows.filter(name=named).first()
    if found is None:
        raise Http404
    return found


@contextmanager
def _working_here() -> Iterator[Foreground | None]:
    """Be a lane for the length of the request where the site is set up so; else leave the work to the workers."""
    if not settings.RUN_IN_REQUEST:
        yield None
        return
    foreground = Foreground()
    try:
        yield foreground
    finally:
        foreground.leave()


def _wait_of(request: Request) -> int:
    """Return the seconds that the caller would wait, at most 60 (RFC 7240); 0: not at all."""
    match = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(match.group(1)), MOST_WAIT_S) if match else 0


def _wait_for(run: Run, wait_s: int) -> None:
    until = time.monotonic() + wait_s
    while not progress_of([run.pk])[0].stands_still and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
