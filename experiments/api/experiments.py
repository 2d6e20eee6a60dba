"""Experiments by API: declared, changed, started and stopped, exported."""

from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.lists import Order
from evalsite.api.views import ArchivableViewSet, changed, checked, created_once, put_away
from evalsite.downloads import download
from experiments.actions import (
    ActionConflict,
    create_experiment,
    declare_candidate,
    set_baseline,
    set_budget,
    set_weights,
)
from experiments.actions.editing import edit_experiment
from experiments.api.candidates import CandidateSerializer, NewCandidate, declaration_from
from experiments.api.experiment_filters import ExperimentQuery, asked_experiments
from experiments.api.experiment_shapes import (
    EXPORTED,
    ExperimentChange,
    ExperimentSerializer,
    ExportQuery,
    ForecastsSerializer,
    NewExperiment,
    StartedSerializer,
    StartSerializer,
)
from experiments.api.references import named_or_404, project_from, version_from
from experiments.api.scorers import NewScorer
from experiments.models import Candidate, Experiment
from experiments.permissions import require
from runs.actions import (
    add_and_start,
    cancel_run,
    pause_run,
    redeclare,
    resume_run,
    retry_failed,
    start_experiment,
    take_out,
)
from runs.limits.purses import spent_of
from runs.limits.wallets import Budget, Owner
from runs.live.activity import with_status
from runs.models import Run, RunStatus
from runs.models.runs import ACTIVE, RUNNABLE
from scoring.boards.forecast import forecast_of
from scoring.changing.reweighing import stand_anew
from scoring.deleting import delete_experiment
from scoring.exports.experiment import export_lines, export_name


class ExperimentViewSet(ArchivableViewSet):
    """Experiments."""

    queryset = Experiment.objects.select_related("project", "dataset_version__dataset", "baseline").prefetch_related(
        "scorers__revisions"
    )
    serializer_class = ExperimentSerializer

    def get_queryset(self) -> Any:
        """Return the experiments that the caller may see, with their status."""
        return with_status(super().get_queryset())

    def filter_queryset(self, queryset: Any) -> Any:
        """Return the experiments that the query of a list asks for. Raises ValidationError, Http404."""
        rows = super().filter_queryset(queryset)
        if self.action != "list":
            return rows
        return asked_experiments(rows, checked(ExperimentQuery, self.request.query_params.dict()), self.request.user)

    @extend_schema(parameters=[ExperimentQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the experiments of your projects, archived ones too where the query does not leave them out."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewExperiment, responses={201: ExperimentSerializer})
    def create(self, request: Request) -> Response:
        """Make an experiment with its scorers."""
        values = checked(NewExperiment, request.data)
        project = project_from(request.user, values.pop("project", None))
        version = values.pop("dataset_version", None)
        scoring = values.pop("scoring_config", {})
        scorers = values.pop("scorers")
        weights = scoring.get("weights", {})
        _refuse_unknown(weights, [scorer["name"] for scorer in scorers])
        declarations = [NewScorer().declaration(scorer, weights) for scorer in scorers]

        @transaction.atomic
        def make() -> Experiment:
            experiment = create_experiment(
                project=project,
                by=request.user,
                dataset_version=version_from(project, version) if version else None,
                scorers=declarations,
                **values,
            )
            return _scored_as(experiment, scoring, request.user)

        return self.answer_created(request, make)

    @extend_schema(request=ExperimentChange, responses=ExperimentSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change what it is called, what it takes and what counts, or archive it; boards are ranked anew.

        Results are kept, and starting it again does what is missing. 409 while a run works on what would no longer
        count.
        """
        with self.as_read(request) as experiment, transaction.atomic():
            values = checked(ExperimentChange, request.data)
            scoring = values.pop("scoring_config", {})
            put_away(experiment, values, request.user)
            if "budget_usd" in values:
                set_budget(experiment=experiment, usd=values.pop("budget_usd"), by=request.user)
            if "baseline" in values:
                chosen = named_or_404(experiment.candidates.listed(), values.pop("baseline"))
                set_baseline(experiment=experiment, candidate=chosen, by=request.user)
            is_other = redeclare(experiment=experiment, by=request.user, changes=values)
            _scored_as(experiment, scoring, request.user)
        if scoring or is_other:
            stand_anew(self.get_object())
        return changed(self.shown(self.get_object()))

    @extend_schema(parameters=[OpenApiParameter("name")], responses={204: None, 202: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete an experiment; where it has results the query repeats its name.

        204: it is gone, 202: it is archived and the workers delete it, 409: something of it runs.
        """
        typed = request.query_params.get("name", "")
        with self.as_read(request) as experiment:
            is_gone = delete_experiment(experiment=experiment, typed_name=typed, by=request.user)
        return Response(status=204 if is_gone else 202)

    @extend_schema(request=NewCandidate, responses={201: CandidateSerializer})
    def candidates(self, request: Request, **_: Any) -> Response:
        """Add a candidate, its own or a changed copy of another; `start` starts its run, and no other."""
        experiment = self.get_object()
        values = checked(NewCandidate, request.data)
        add = _added_and_started if values["start"] else declare_candidate

        def make() -> dict[str, Any]:
            declaration = declaration_from(experiment, values)
            return {"id": str(add(experiment=experiment, declaration=declaration, by=request.user).uid)}

        answer = created_once(request, make)[0]
        candidate = Candidate.objects.select_related("provider", "prompt_version__prompt").get(uid=answer["id"])
        return Response(CandidateSerializer(candidate).data, status=201)

    @extend_schema(responses=CandidateSerializer(many=True))
    def list_candidates(self, *_: Any, **__: Any) -> Response:
        """List the candidates that compete."""
        self.order = Order("position")
        rows = self.get_object().candidates.listed().select_related("provider", "prompt_version__prompt")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(CandidateSerializer(page, many=True).data)

    @extend_schema(responses={204: None})
    def remove_candidate(self, request: Request, candidate: str, **_: Any) -> Response:
        """Take a candidate out by its id or name: its runs are kept; 409 while one of them goes on."""
        listed = self.get_object().candidates.listed().select_related("experiment__project")
        take_out(candidate=named_or_404(listed, candidate), by=request.user)
        return Response(status=204)

    @extend_schema(request=StartSerializer, responses=StartedSerializer)
    def start(self, request: Request, **_: Any) -> Response:
        """Start a run for each candidate, or let them go on with what is missing; a pilot does the first 5 items."""
        values = checked(StartSerializer, request.data)
        experiment, name = self.get_object(), values.get("candidate")
        only = [named_or_404(experiment.candidates.listed(), name)] if name is not None else []
        started = start_experiment(experiment=experiment, by=request.user, is_pilot=values["pilot"], only=only)
        return _done(started.runs)

    @extend_schema(responses=ForecastsSerializer)
    def forecast(self, _request: Request, **_: Any) -> Response:
        """What everything will cost, from the priced results that exist (of a pilot, for one)."""
        experiment = self.get_object()
        found, spent = forecast_of(experiment), spent_of(Budget(Owner.EXPERIMENT, experiment.pk))
        shown = {"items": found, "total": len(found), "next": None, "spent_usd": spent}
        return Response(ForecastsSerializer(shown).data)

    @extend_schema(request=None, responses=StartedSerializer)
    def pause(self, request: Request, **_: Any) -> Response:
        """Let no new call begin."""
        return self._each(request, pause_run, RUNNABLE, "running", right="stop")

    @extend_schema(request=None, responses=StartedSerializer)
    def resume(self, request: Request, **_: Any) -> Response:
        """Let paused runs go on."""
        return self._each(request, resume_run, (RunStatus.PAUSED,), "paused", right="start")

    @extend_schema(request=None, responses=StartedSerializer)
    def cancel(self, request: Request, **_: Any) -> Response:
        """End the runs where they stand; results are kept."""
        return self._each(request, cancel_run, ACTIVE, "active", right="stop")

    @extend_schema(request=None, responses=StartedSerializer)
    def retry(self, request: Request, **_: Any) -> Response:
        """Run the errored results again."""
        return self._each(request, _retry_quietly, tuple(RunStatus), "there", right="start")

    def _each(
        self, request: Request, action: Any, statuses: tuple[RunStatus, ...], word: str, *, right: str
    ) -> Response:
        """Do something with the planned runs in these statuses. Raises ActionConflict where there are none."""
        experiment = self.get_object()
        require(request.user, experiment.project, right)
        runs = list(experiment.runs.planned().filter(status__in=statuses).select_related("experiment__project"))
        if not runs:
            raise ActionConflict(f"No run of {experiment} is {word}.")
        done = [run for run in runs if action(run=run, by=request.user) is not False]
        return _done(done)

    @extend_schema(
        parameters=[ExportQuery],
        responses={
            (200, EXPORTED["yaml"]): OpenApiTypes.OBJECT,
            (200, EXPORTED["csv"]): OpenApiTypes.STR,
            (200, EXPORTED["junit"]): OpenApiTypes.STR,
        },
    )
    def export(self, request: Request, **_: Any) -> HttpResponseBase:
        """Return the experiment as a file that `evalsite run` takes, its results as CSV, or its board as JUnit XML."""
        experiment = self.get_object()
        query = checked(ExportQuery, request.query_params.dict())
        kind = query["format"]
        lines = export_lines(experiment, kind, is_for_spreadsheets=query["for_spreadsheets"])
        return download(request._request, lines, name=export_name(experiment, kind), kind=kind)


def _added_and_started(**values: Any) -> Candidate:
    return add_and_start(**values)[0]


def _refuse_unknown(weights: dict[str, Any], names: list[str]) -> None:
    for name in weights:
        if name not in names:
            sentence = f'there is no scorer "{name}"; there are: {", ".join(names) or "none"}'
            raise serializers.ValidationError({"scoring_config": {"weights": [sentence]}})


def _scored_as(experiment: Experiment, scoring: dict[str, Any], by: Any) -> Experiment:
    """Bring weights and policy to what a request says."""
    if "errors" in scoring:
        edit_experiment(experiment=experiment, by=by, changes={"errors_policy": scoring["errors"]})
        experiment.refresh_from_db(fields=["errors_policy"])
    if scoring.get("weights"):
        set_weights(experiment=experiment, weights=scoring["weights"], by=by)
    return experiment


def _retry_quietly(*, run: Run, by: Any) -> bool:
    """Retry a run; False where nothing of it has failed."""
    try:
        retry_failed(run=run, by=by)
    except ActionConflict:
        return False
    return True


def _done(runs: list[Run]) -> Response:
    return Response({"run_ids": [str(run.uid) for run in runs]})
