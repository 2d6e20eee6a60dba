"""The project that a person chose in the sidebar: lists show its objects; without a choice those of all projects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.db.models import Case, When

from experiments.identifiers import uid_from
from experiments.models import Project
from experiments.models.projects import Person, ProjectQuerySet
from experiments.permissions import ROLES_BY_ACTION

PROJECT_COOKIE = "project"


@dataclass(frozen=True, slots=True)
class ChosenProjects:
    """The projects whose objects the lists show."""

    listed: list[Project]
    """All projects of the person that are not archived, by name."""
    chosen: Project | None
    """The one that was chosen; None: all of them."""

    @classmethod
    def of(cls, user: Person, cookies: Mapping[str, str]) -> Self:
        """Return the choice as the cookies tell it; one that is archived or not the person's is none."""
        listed = list(Project.objects.visible_to(user).listed().order_by("name"))
        uid = uid_from(cookies.get(PROJECT_COOKIE, ""))
        return cls(listed, next((project for project in listed if project.uid == uid), None))

    @property
    def ids(self) -> list[int]:
        """The primary keys of the projects whose objects are shown."""
        return [self.chosen.pk] if self.chosen else [project.pk for project in self.listed]


def projects_for_new(user: Person, action: str, cookies: Mapping[str, str]) -> ProjectQuerySet:
    """Return the projects in which this person may do it: the chosen one first, the demo last."""
    mine = Project.objects.visible_to(user).listed()
    usable = mine.filter(memberships__user_id=user.pk, memberships__role__in=ROLES_BY_ACTION[action])
    is_chosen = When(uid=uid_from(cookies.get(PROJECT_COOKIE, "")), then=0)
    return usable.order_by(Case(is_chosen, default=1), "is_demo", "name")
