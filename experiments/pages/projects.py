"""The projects of a person."""

from dataclasses import dataclass

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from experiments.models import Dataset, Experiment, Membership, Project
from experiments.models.projects import Person
from experiments.permissions import may
from runs.models import Run
from scoring.deleting import Loss, active_runs


@dataclass(frozen=True)
class ProjectListPage:
    """The projects of a person with the person's role and what they hold."""

    rows: list[Project]

    @classmethod
    def build(cls, user: Person) -> "ProjectListPage":
        """Return them by name, archived ones last."""
        mine = Membership.objects.filter(project=OuterRef("pk"), user_id=user.pk or 0)
        rows = Project.objects.visible_to(user).annotate(
            role=Subquery(mine.values("role")[:1]),
            member_count=_count(Membership.objects.all()),
            experiment_count=_count(Experiment.objects.all()),
            dataset_count=_count(Dataset.objects.listed()),
        )
        return cls(sorted(rows, key=lambda project: (project.archived_at is not None, project.name)))


def _count(rows: "QuerySet[Membership] | QuerySet[Experiment] | QuerySet[Dataset]") -> Coalesce:
    counted = rows.filter(project=OuterRef("pk")).order_by().values("project").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


@dataclass(frozen=True)
class ProjectSettingsPage:
    """What the settings of a project show beside its form."""

    can_edit: bool
    can_delete: bool
    loss: Loss
    running: list[Run]
    """What stands against deleting it."""

    @classmethod
    def build(cls, project: Project, user: Person) -> "ProjectSettingsPage":
        """Return the page of a person."""
        can_edit, can_delete = may(user, project, "edit_project"), may(user, project, "delete")
        return cls(can_edit, can_delete, Loss.of(project), active_runs(project))
