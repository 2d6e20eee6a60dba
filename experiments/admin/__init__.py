"""The admin for what is measured."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from evalsite.project_admin import ProjectAdmin
from experiments.actions import ActionConflict, change_role
from experiments.admin import items as items  # registers itself
from experiments.models import (
    Candidate,
    Dataset,
    DatasetVersion,
    Experiment,
    Membership,
    Project,
    Prompt,
    PromptVersion,
    Provider,
    ScorerSpec,
)


@admin.register(Project)
class ProjectsAdmin(ProjectAdmin):
    """Projects."""

    project_path = ""
    list_display = ["name", "is_demo", "created_at"]
    search_fields = ["name"]


@admin.register(Membership)
class MembershipAdmin(ProjectAdmin):
    """Who belongs to which project."""

    change_action = "edit_members"
    list_display = ["user", "project", "role"]
    list_select_related = ["user", "project"]
    readonly_fields = ["user", "project"]

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's
        """Change the role by the action, which keeps the last owner; what stands against it is said."""
        try:
            change_role(membership=obj, role=obj.role, by=request.user)
        except ActionConflict as conflict:
            self.message_user(request, str(conflict), messages.ERROR)


@admin.register(Dataset)
class DatasetAdmin(ProjectAdmin):
    """Datasets."""

    list_display = ["name", "project", "draft_number", "created_at"]
    list_select_related = ["project"]
    search_fields = ["name"]


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ProjectAdmin):
    """Frozen versions."""

    project_path = "dataset__project"
    list_display = ["__str__", "item_count", "frozen_at", "note"]
    list_select_related = ["dataset__project"]


@admin.register(Provider)
class ProviderAdmin(ProjectAdmin):
    """Providers."""

    list_display = ["name", "project", "kind", "base_url", "max_in_flight"]
    list_select_related = ["project"]
    search_fields = ["name"]


@admin.register(Prompt)
class PromptAdmin(ProjectAdmin):
    """Prompts."""

    list_display = ["name", "project", "created_at"]
    list_select_related = ["project"]
    search_fields = ["name"]


@admin.register(PromptVersion)
class PromptVersionAdmin(ProjectAdmin):
    """Texts of prompts."""

    project_path = "prompt__project"
    list_display = ["__str__", "note", "created_at"]
    list_select_related = ["prompt__project"]


@admin.register(Experiment)
class ExperimentAdmin(ProjectAdmin):
    """Experiments."""

    list_display = ["name", "project", "dataset_version", "trials", "created_at"]
    list_select_related = ["project", "dataset_version__dataset"]
    search_fields = ["name"]


@admin.register(Candidate)
class CandidateAdmin(ProjectAdmin):
    """Candidates."""

    project_path = "experiment__project"
    list_display = ["name", "experiment", "model", "provider", "removed_at"]
    list_select_related = ["experiment__project", "provider"]
    search_fields = ["name", "model"]


@admin.register(ScorerSpec)
class ScorerSpecAdmin(ProjectAdmin):
    """Declared scorers."""

    project_path = "experiment__project"
    list_display = ["name", "experiment", "kind", "weight", "revision"]
    list_select_related = ["experiment__project"]
    search_fields = ["name"]
