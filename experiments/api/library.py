"""Projects, datasets, prompts: lists that experiments are made from."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from evalsite.api.fields import FlagField, NumberField, PromptField, RequestSerializer, TextField
from evalsite.api.lists import Order
from evalsite.api.views import ArchivableViewSet, VisibleViewSet, changed, checked, find_or_404, put_away
from experiments.actions import (
    archive_project,
    create_dataset,
    create_project,
    create_prompt,
    delete_dataset,
    delete_prompt,
    edit_dataset,
    rename_project,
    rename_prompt,
    save_prompt,
    set_monthly_budget,
    unarchive_project,
)
from experiments.api.references import project_from
from experiments.models import Dataset, DatasetVersion, Project, Prompt, PromptVersion, Scope
from runs.limits.month import spent_this_month
from scoring.deleting import delete_project


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project and the caller's role in it."""

    id = serializers.UUIDField(source="uid")
    role = serializers.SerializerMethodField()
    monthly_budget_usd = serializers.FloatField(allow_null=True, help_text="Null: no budget.")

    class Meta:
        model = Project
        fields = ["id", "name", "role", "is_demo", "monthly_budget_usd", "created_at", "archived_at"]

    def get_role(self, project: Project) -> str:
        """Return the caller's role: they see no project without one."""
        mine = [one.role for one in project.memberships.all() if one.user_id == self.context["request"].user.pk]
        return mine[0] if mine else ""


class SpendSerializer(serializers.Serializer[Any]):
    """What the calls of a project have cost in this calendar month, as Home shows it."""

    month = serializers.CharField(help_text="2026-11, in UTC.")
    spent_usd = serializers.FloatField(allow_null=True, help_text="Null: nothing that was called has a price.")
    unpriced_count = serializers.IntegerField(help_text="Results and calls of unknown cost: they are not in the sum.")


class NewProject(RequestSerializer):
    """A project that is to be made."""

    name = TextField(max_length=100)


class ProjectChange(RequestSerializer):
    """What changes of a project."""

    name = TextField(required=False, max_length=100)
    monthly_budget_usd = NumberField(required=False, allow_null=True, min_value=0, help_text="Null: no budget.")
    archived = FlagField(required=False)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset; its items belong to its versions."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")

    class Meta:
        model = Dataset
        fields = [
            "id",
            "project_id",
            "name",
            "description",
            "draft_number",
            "draft_edit_count",
            "archived_at",
            "created_at",
        ]


class BadRowSerializer(serializers.Serializer[Any]):
    """A row of a data file that was left out."""

    line = serializers.IntegerField()
    reason = serializers.CharField()


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A frozen version of a dataset."""

    id = serializers.UUIDField(source="uid")
    dataset_id = serializers.UUIDField(source="dataset.uid")
    name = serializers.CharField(source="__str__")
    bad_rows = BadRowSerializer(many=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "dataset_id",
            "name",
            "number",
            "content_hash",
            "item_count",
            "added_count",
            "changed_count",
            "removed_count",
            "note",
            "bad_row_count",
            "bad_rows",
            "frozen_at",
        ]


class NewDataset(RequestSerializer):
    """A dataset that is to be made; its items come by import, or one by one."""

    project = TextField(required=False, help_text="Id or name; left out: the only project that you may edit.")
    name = TextField(max_length=200)
    description = TextField(required=False, allow_blank=True, max_length=5_000)


class DatasetChange(RequestSerializer):
    """What changes of a dataset."""

    name = TextField(required=False, max_length=200)
    description = TextField(required=False, allow_blank=True, max_length=5_000)
    archived = FlagField(required=False)


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt with its newest text."""

    id = serializers.UUIDField(source="uid")
    project_id = serializers.UUIDField(source="project.uid")
    number = serializers.SerializerMethodField()
    messages = serializers.SerializerMethodField()

    class Meta:
        model = Prompt
        fields = ["id", "project_id", "name", "number", "messages", "archived_at", "created_at"]

    def get_number(self, prompt: Prompt) -> int | None:
        """Return the number of the newest version; None: the prompt has no text."""
        versions = prompt.versions.all()
        return versions[0].number if versions else None

    def get_messages(self, prompt: Prompt) -> list[dict[str, Any]]:
        """Return the messages of the newest version."""
        versions = prompt.versions.all()
        return list(versions[0].messages) if versions else []


class ProjectViewSet(ListModelMixin, VisibleViewSet):
    """Projects. Changing and deleting them is administering."""

    queryset = Project.objects.prefetch_related("memberships")
    serializer_class = ProjectSerializer
    order = Order("name")
    writing_scope = Scope.ADMIN

    @extend_schema(request=NewProject, responses={201: ProjectSerializer})
    def create(self, request: Request) -> Response:
        """Make a project, whose owner is the caller."""
        values = checked(NewProject, request.data)
        return self.answer_created(request, lambda: create_project(by=request.user, **values))  # type: ignore[arg-type] # signed in

    @extend_schema(request=ProjectChange, responses=ProjectSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change the name or the budget of a month, or archive it."""
        with self.as_read(request) as project:
            _change(project, checked(ProjectChange, request.data), request.user)
        return changed(self.shown(self.get_object()))

    @extend_schema(responses=SpendSerializer)
    def spend(self, *_: Any, **__: Any) -> Response:
        """Return what the project has spent in this month."""
        [found] = spent_this_month([self.get_object()])
        told = {"spent_usd": found.spent_usd, "unpriced_count": found.unpriced_count}
        return Response(SpendSerializer({"month": f"{timezone.now():%Y-%m}", **told}).data)

    @extend_schema(parameters=[OpenApiParameter("name", required=True)], responses={204: None, 202: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete a project whose name the query repeats: 204 it is gone, 202 it is hidden and the workers delete it."""
        name = request.query_params.get("name", "")
        with self.as_read(request) as project:
            is_gone = delete_project(project=project, typed_name=name, by=request.user)
        return Response(status=204 if is_gone else 202)


@transaction.atomic
def _change(project: Project, values: dict[str, Any], by: Any) -> None:
    if "name" in values:
        rename_project(project=project, name=values["name"], by=by)
    if "monthly_budget_usd" in values:
        set_monthly_budget(project=project, usd=values["monthly_budget_usd"], by=by)
    if "archived" in values:
        act = archive_project if values["archived"] else unarchive_project
        act(project=project, by=by)


class DatasetViewSet(ArchivableViewSet):
    """Datasets and their frozen versions."""

    queryset = Dataset.objects.select_related("project")
    serializer_class = DatasetSerializer
    order = Order("name")

    def get_queryset(self) -> Any:
        """Return the datasets that people made."""
        return super().get_queryset().listed()

    @extend_schema(request=NewDataset, responses={201: DatasetSerializer})
    def create(self, request: Request) -> Response:
        """Make a dataset without items."""
        values = checked(NewDataset, request.data)
        project = project_from(request.user, values.pop("project", None))
        return self.answer_created(request, lambda: create_dataset(project=project, by=request.user, **values))

    @extend_schema(request=DatasetChange, responses=DatasetSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Change name or description, or archive it."""
        with self.as_read(request) as dataset:
            values = checked(DatasetChange, request.data)
            if "archived" in values:
                values["is_archived"] = values.pop("archived")
            return changed(self.shown(edit_dataset(dataset=dataset, by=request.user, changes=values)))

    @extend_schema(parameters=[OpenApiParameter("name", required=True)], responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete a dataset whose name the query repeats; 409 names the experiments that use it."""
        typed, check = request.query_params.get("name", ""), partial(self.check_unchanged, request)
        delete_dataset(dataset=self.get_object(), typed_name=typed, by=request.user, check=check)
        return Response(status=204)

    @extend_schema(responses=DatasetVersionSerializer(many=True))
    def versions(self, *_: Any, id: str) -> Response:  # noqa: A002 - the route's name
        """List the frozen versions of a dataset, the newest first."""
        dataset = find_or_404(self.get_queryset(), id)
        self.order = Order("number", is_descending=True)
        page = self.paginate_queryset(dataset.versions.select_related("dataset"))
        return self.get_paginated_response(DatasetVersionSerializer(page, many=True).data)


class PromptVersionSerializer(serializers.ModelSerializer[PromptVersion]):
    """One text of a prompt; it never changes."""

    created_by = serializers.CharField(source="created_by.username", default=None, allow_null=True)
    messages = serializers.ListField(child=serializers.DictField())

    class Meta:
        model = PromptVersion
        fields = ["number", "messages", "content_hash", "note", "created_at", "created_by"]


class NewPromptVersion(RequestSerializer):
    """A text that is to be saved."""

    messages = PromptField()
    note = TextField(required=False, allow_blank=True, max_length=500)


class NewPrompt(NewPromptVersion):
    """A prompt that is to be made, with its first text."""

    project = TextField(required=False, help_text="Id or name; left out: the only project that you may edit.")
    name = TextField(max_length=200)


class PromptChange(RequestSerializer):
    """What may be changed of a prompt."""

    name = TextField(required=False, max_length=200)
    archived = FlagField(required=False)


class PromptViewSet(ArchivableViewSet):
    """Prompts and their versions."""

    queryset = Prompt.objects.select_related("project").prefetch_related("versions")
    serializer_class = PromptSerializer
    order = Order("name")

    @extend_schema(request=NewPrompt, responses={201: PromptSerializer})
    def create(self, request: Request) -> Response:
        """Make a prompt with its first text; 400 where there is one of this name."""
        values = checked(NewPrompt, request.data)
        project = project_from(request.user, values.pop("project", None))
        return self.answer_created(request, lambda: create_prompt(project=project, by=request.user, **values).prompt)

    @extend_schema(request=PromptChange, responses=PromptSerializer)
    def partial_update(self, request: Request, **_: Any) -> Response:
        """Give a prompt another name, or archive it."""
        with self.as_read(request) as prompt, transaction.atomic():
            values = checked(PromptChange, request.data)
            put_away(prompt, values, request.user)
            if "name" in values:
                rename_prompt(prompt=prompt, by=request.user, name=values["name"])
        return changed(self.shown(self.get_object()))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, **_: Any) -> Response:
        """Delete a prompt with its versions; 409 names the experiments that use it."""
        with self.as_read(request) as prompt:
            delete_prompt(prompt=prompt, by=request.user)
        return Response(status=204)

    @extend_schema(responses=PromptVersionSerializer(many=True))
    def versions(self, *_: Any, id: str) -> Response:  # noqa: A002 - the route's name
        """List the texts of a prompt, the newest first."""
        prompt = find_or_404(self.get_queryset(), id)
        self.order = Order("number", is_descending=True)
        page = self.paginate_queryset(prompt.versions.select_related("created_by"))
        return self.get_paginated_response(PromptVersionSerializer(page, many=True).data)

    @extend_schema(request=NewPromptVersion, responses={201: PromptVersionSerializer})
    def save_version(self, request: Request, *, id: str) -> Response:  # noqa: A002
        """Save a text as the next version; the version that has this text already is given back."""
        prompt = find_or_404(self.get_queryset(), id)
        values = checked(NewPromptVersion, request.data)
        saved = save_prompt(project=prompt.project, name=prompt.name, by=request.user, **values)
        return changed(PromptVersionSerializer(saved).data, status=201)
