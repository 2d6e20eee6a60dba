"""Projects: made, renamed, put away and taken out again. Deleting is scoring.deleting: it reaches down to results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from experiments.actions.refusals import ActionRefused, checked_name, refused_when_taken
from experiments.models import Membership, Project, Role
from experiments.models.projects import Person
from experiments.permissions import require

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NAME_LENGTH = 100
FORBIDDEN = (":", ",", "\0")


@transaction.atomic
def create_project(*, name: str, by: User) -> Project:
    """Make a project, whose owner is the person who makes it. Raises ActionRefused."""
    name = checked_project_name(name)
    with refused_when_taken(taken(name)):
        project: Project = Project.objects.create(name=name)
    Membership.objects.create(project=project, user=by, role=Role.OWNER)
    return project


def rename_project(*, project: Project, name: str, by: Person | None) -> None:
    """Give a project another name. Raises ActionRefused.

    Variables that were given to the project by its former name (EVALSITE_PROVIDER_ENV) have to be given anew.
    """
    require(by, project, "edit_project")
    name = checked_project_name(name)
    with refused_when_taken(taken(name)):
        Project.objects.filter(pk=project.pk).update(name=name)
    project.name = name


def archive_project(*, project: Project, by: Person | None) -> None:
    """Hide a project and what belongs to it from lists; everything is kept, and its addresses go on working."""
    require(by, project, "edit_project")
    Project.objects.filter(pk=project.pk, archived_at=None).update(archived_at=timezone.now())


def unarchive_project(*, project: Project, by: Person | None) -> None:
    """Show a project in lists again."""
    require(by, project, "edit_project")
    Project.objects.filter(pk=project.pk).update(archived_at=None)


def checked_project_name(name: str) -> str:
    """Return a name without spaces around it. Raises ActionRefused for one that settings could not name."""
    name = checked_name(name, "a project", NAME_LENGTH)
    if any(sign in name for sign in FORBIDDEN):
        raise ActionRefused("name", "a project's name holds no colon and no comma: variables are given to it by name")
    return name


def taken(name: str) -> str:
    """Return the sentence for a name that another project has, whoever may see that one."""
    return f'the name "{name}" is taken on this site: choose another'
