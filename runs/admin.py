"""The admin for what was done: read-only, for runs change by actions alone."""

from django.contrib import admin

from evalsite.project_admin import ProjectAdmin
from runs.models import Run


@admin.register(Run)
class RunAdmin(ProjectAdmin):
    """Runs."""

    project_path = "experiment__project"
    list_display = ["name", "experiment", "status", "planned_count", "started_at", "completed_at"]
    list_filter = ["status", "is_ad_hoc"]
    list_select_related = ["experiment__project"]
    search_fields = ["name", "uid"]
