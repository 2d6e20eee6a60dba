"""Accounts and the queue in the admin; the queue for superusers, to look at, without what tasks were given or gave."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
    AnyUserAdmin = UserAdmin[User]
else:
    AnyModelAdmin, AnyUserAdmin = admin.ModelAdmin, UserAdmin  # take no parameter at run time


class QueueAdmin(AnyModelAdmin):
    """Base of the queue's admins: superusers read, nobody writes: runs, imports and bulk edits have buttons."""

    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the queue to superusers."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002 - Django's
        """Let superusers look; a permission of Django does not suffice."""
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Tasks are enqueued by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody changes a task."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Nobody deletes a task."""
        return False


class TaskAdmin(QueueAdmin):
    """Tasks that have ended."""

    fields = ["name", "func", "cluster", "started", "stopped", "success", "attempt_count"]
    list_display = ["name", "func", "started", "stopped"]
    search_fields = ["name", "func"]


class WaitingAdmin(QueueAdmin):
    """Tasks that wait."""

    fields = ["key", "lock", "name", "func"]
    list_display = ["id", "key", "name", "func", "lock"]


class ScheduleAdmin(QueueAdmin):
    """Tasks that come again."""

    fields = ["name", "func", "schedule_type", "minutes", "next_run"]
    list_display = ["name", "func", "schedule_type", "next_run"]


class PersonAdmin(AnyUserAdmin):
    """The accounts: dates are for reading, groups and permissions are plain lists, each with its label."""

    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")


for model, kind in (
    (Success, TaskAdmin),
    (Failure, TaskAdmin),
    (OrmQ, WaitingAdmin),
    (Schedule, ScheduleAdmin),
    (User, PersonAdmin),
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, kind)
