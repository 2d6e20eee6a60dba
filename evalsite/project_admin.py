"""The base of every admin of ours: members see and change what their roles allow, staff or not."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from experiments.models import Project
from experiments.permissions import may

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin  # takes no parameter at run time


class ProjectAdmin(AnyModelAdmin):
    """Base of every admin of ours: rows of the person's projects only, changed as the person's role there allows.

    Read-only unless a subclass names the action that permits changes: writing goes through actions.
    """

    change_action = ""
    """The entry of `ROLES_BY_ACTION` that lets a person change a row; "": nobody changes it here."""
    project_path = "project"
    """The lookup that leads from a row to its project; "": the row is one."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the person's projects."""
        mine = Project.objects.visible_to(request.user)
        return super().get_queryset(request).filter(**{f"{self.project_path or 'pk'}__in": mine})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Let every member of the staff see the app."""
        return bool(request.user.is_active and getattr(request.user, "is_staff", False))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let a person with the permission of Django see the rows of their projects."""
        if not super().has_view_permission(request, obj):
            return False
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let a person change a row where the role allows it."""
        if not self.change_action or obj is None or not super().has_change_permission(request, obj):
            return False
        return may(request.user, self.project_of(obj), self.change_action)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        """Rows are made by actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Deleting asks what would be lost; the admin does not."""
        return False

    def project_of(self, row: Any) -> Project:
        """Return the project that a row belongs to."""
        for name in self.project_path.split("__") if self.project_path else ():
            row = getattr(row, name)
        found: Project = row
        return found
