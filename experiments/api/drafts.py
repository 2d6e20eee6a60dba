"""Drafts of experiments by API: the declared form as a document, saved, checked, tried, started; clones."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import RequestSerializer, TextField
from evalsite.api.lists import Order
from evalsite.api.problems import PreconditionFailed
from evalsite.api.views import VisibleViewSet, changed, checked, created_once, find_or_404, of_project
from experiments.actions import ActionRefused, StaleEdit
from experiments.actions.drafts import clone_experiment, create_draft, discard_draft, save_draft
from experiments.api.experiment_shapes import ExperimentSerializer, StartedSerializer
from experiments.api.references import project_from
from experiments.files.draft_form import document_of
from experiments.files.experiment_file import FileProblems
from experiments.files.sent_documents import NAME
from experiments.files.yaml_document import SIZE_LIMIT
from experiments.models import Experiment, ExperimentDraft
from runs.actions.draft_problems import misfit_of, problems_of
from runs.actions.drafting import declared, start_draft, try_draft

PROBLEMS_SHOWN = 100


class DraftSerializer(serializers.ModelSerializer[ExperimentDraft]):
    """An experiment that is being written."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    name = serializers.CharField()
    document = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()
    tried_id = serializers.UUIDField(
        source="tried.uid", default=None, allow_null=True, help_text="The experiment that holds what was tried."
    )
    saved_by = serializers.CharField(source="saved_by.username", default=None, allow_null=True)

    class Meta:
        model = ExperimentDraft
        fields = ["id", "project_id", "name", "document", "files", "tried_id", "revision", "saved_by", "saved_at"]

    def get_document(self, draft: ExperimentDraft) -> str | None:
        """Return the declared form, as YAML; None: a draft of the page's fields that do not come to one yet."""
        if draft.is_document:
            return draft.document
        try:
            return document_of(draft.fields)[0]
        except ActionRefused:
            return None

    def get_files(self, draft: ExperimentDraft) -> list[str]:
        """Return the names of the files that were sent with the document."""
        return sorted(draft.files)


class DraftChange(RequestSerializer):
    """The document as it is to be."""

    document = TextField(max_length=SIZE_LIMIT, help_text="The declared form of an experiment file, YAML or JSON.")
    files = serializers.DictField(
        child=TextField(allow_blank=True), required=False, help_text="Texts by the names under which it says `file:`."
    )


class NewDraft(DraftChange):
    """A draft that is to be made."""

    project = TextField(required=False, help_text="Id or name; left out: the only project that you may edit.")


class DraftQuery(serializers.Serializer[Any]):
    """Which drafts are asked for."""

    project_id = serializers.CharField(required=False, help_text="Only those of this project.")


class DeclaredSerializer(serializers.Serializer[Any]):
    """What a draft declares, or why it declares nothing."""

    problems = serializers.ListField(child=serializers.CharField(), help_text="None: it may be started.")
    candidates = serializers.ListField(child=serializers.CharField())
    scorers = serializers.ListField(child=serializers.CharField())
    trials = serializers.IntegerField(allow_null=True)


class TriedSerializer(StartedSerializer):
    """What is tried: the first 3 items for each candidate, in an experiment of their own."""

    experiment_id = serializers.UUIDField()


class DraftViewSet(ListModelMixin, VisibleViewSet):
    """Drafts of experiments."""

    queryset = ExperimentDraft.objects.select_related("project", "tried", "saved_by")
    serializer_class = DraftSerializer
    order = Order("saved_at", is_descending=True)

    @extend_schema(parameters=[DraftQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List drafts, those that were saved last first."""
        return super().list(request, *args, **kwargs)

    def filter_queryset(self, queryset: Any) -> Any:
        """Return the drafts that the query of a list asks for. Raises Http404 for an unknown project."""
        query = checked(DraftQuery, self.request.query_params.dict()) if self.action == "list" else {}
        return of_project(queryset, query.get("project_id"), self.request.user)

    @extend_schema(request=NewDraft, responses={201: DraftSerializer})
    def create(self, request: Request) -> Response:
        """Make a draft of a document: everything that an experiment file may declare."""
        values = checked(NewDraft, request.data)
        project = project_from(request.user, values.pop("project", None))
        sent = {**values, "files": _bytes(values)}
        return self.answer_created(request, lambda: create_draft(project=project, by=request.user, **sent))

    @extend_schema(request=DraftChange, responses=DraftSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Save the document; with If-Match only over the state that was read. Files that are not sent again stay."""
        draft = self.get_object()
        self.check_unchanged(request, draft)
        values = checked(DraftChange, request.data)
        sent = {**values, "files": _bytes(values)}
        try:
            save_draft(draft=draft, revision=draft.revision, by=request.user, **sent)
        except StaleEdit:
            raise PreconditionFailed from None
        return changed(self.shown(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Discard a draft; what was tried of it is kept."""
        with self.as_read(request) as draft:
            discard_draft(draft=draft, by=request.user)
        return Response(status=204)

    @extend_schema(responses=DeclaredSerializer)
    def check(self, *_: Any, **__: Any) -> Response:
        """Say what starting the draft would make, or everything that is wrong with it."""
        draft = self.get_object()
        try:
            with declared(draft) as file:
                if misfit := misfit_of(file, draft.project):
                    raise FileProblems(NAME, [misfit])
                candidates, scorers = [one.name for one in file.candidates], [one.name for one in file.scorers]
                return Response({"problems": [], "candidates": candidates, "scorers": scorers, "trials": file.trials})
        except FileProblems as wrong:
            found = problems_of(wrong, draft.project)
            problems = [f"{one.where}: {one.sentence}" if one.where else one.sentence for one in found]
        except ActionRefused as refusal:
            problems = [str(refusal)]
        return Response({"problems": problems[:PROBLEMS_SHOWN], "candidates": [], "scorers": [], "trials": None})

    @extend_schema(request=None, responses=TriedSerializer)
    def trial(self, request: Request, **_: Any) -> Response:
        """Run the first 3 items for each candidate as real calls; what is tried is not paid twice."""
        draft = self.get_object()
        tried = _answering_problems(draft, lambda: try_draft(draft=draft, by=request.user))
        run_ids = [str(uid) for uid in tried.runs.planned().values_list("uid", flat=True)]
        return Response({"experiment_id": str(tried.uid), "run_ids": run_ids})

    @extend_schema(request=None, responses={201: ExperimentSerializer})
    def start(self, request: Request, **_: Any) -> Response:
        """Make the experiment, start it, and let the draft go."""
        draft = self.get_object()
        made = _answering_problems(draft, lambda: start_draft(draft=draft, by=request.user))
        return changed(ExperimentSerializer(made).data, status=201)


class CloneViewSet(VisibleViewSet):
    """Experiments as drafts."""

    queryset = Experiment.objects.select_related("project")
    serializer_class = DraftSerializer

    @extend_schema(request=None, responses={201: DraftSerializer})
    def create(self, request: Request, *, id: str) -> Response:  # noqa: A002 - the route's name
        """Make a draft of what an experiment declares, under another name."""
        experiment = find_or_404(self.get_queryset(), id)
        made, _ = created_once(
            request, lambda: {"id": str(clone_experiment(experiment=experiment, by=request.user).uid)}
        )
        draft = find_or_404(ExperimentDraft.objects.visible_to(request.user).select_related("project"), made["id"])
        return changed(self.shown(draft), status=201)


def _bytes(values: dict[str, Any]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in values.get("files", {}).items()}


def _answering_problems(draft: ExperimentDraft, act: Callable[[], Experiment]) -> Experiment:
    """Do something with what a draft declares. Raises ValidationError with all that is wrong, by its places."""
    try:
        return act()
    except FileProblems as wrong:
        problems: dict[str, list[str]] = {}
        for one in problems_of(wrong, draft.project)[:PROBLEMS_SHOWN]:
            problems.setdefault(one.where or "document", []).append(one.sentence)
        raise ValidationError(problems) from wrong
