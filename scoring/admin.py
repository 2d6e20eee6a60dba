"""The admin for what was judged: read-only, for standings are recomputed and ratings keep their history."""

from django.contrib import admin

from evalsite.project_admin import ProjectAdmin
from scoring.models import RunRating, RunScore, RunStanding


@admin.register(RunRating)
class RunRatingAdmin(ProjectAdmin):
    """Ratings of runs."""

    project_path = "run__experiment__project"
    list_display = ["run", "scorer", "author", "value", "created_at"]
    list_select_related = ["run__experiment__project", "scorer", "author"]


@admin.register(RunScore)
class RunScoreAdmin(ProjectAdmin):
    """What one scorer's scores of one run come to."""

    project_path = "run__experiment__project"
    list_display = ["run", "scorer", "revision", "n", "mean", "low", "high"]
    list_select_related = ["run__experiment__project", "scorer"]


@admin.register(RunStanding)
class RunStandingAdmin(ProjectAdmin):
    """Weighted scores of runs."""

    project_path = "run__experiment__project"
    list_display = ["run", "value", "low", "high", "n", "is_complete", "updated_at"]
    list_select_related = ["run__experiment__project"]
