"""Who may do what in a project: one table, read by every action and every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied

from experiments.models.projects import Project, Role

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from experiments.models.projects import Person

EVERYBODY = frozenset(Role)
EDITORS = frozenset({Role.EDITOR, Role.OWNER})
OWNERS = frozenset({Role.OWNER})

ROLES_BY_ACTION: dict[str, frozenset[Role]] = {
    "view": EVERYBODY,
    "rate": EVERYBODY,
    "edit_experiment": EDITORS,
    "edit_dataset": EDITORS,
    "edit_prompt": EDITORS,
    "edit_provider": EDITORS,
    "test_provider": EDITORS,
    "start": EDITORS,
    "stop": EDITORS,
    "change_scores_of_others": OWNERS,
    "edit_members": OWNERS,
    "edit_project": OWNERS,
    "revoke_tokens_of_others": OWNERS,
    "set_budget": OWNERS,
    "edit_provider_key": OWNERS,
    "delete": OWNERS,
}


def may(by: Person | None, project: Project, action: str) -> bool:
    """Return whether this person may do this here. None stands for whoever operates the site, who may do all."""
    return by is None or project.role_of(by) in ROLES_BY_ACTION[action]


def permitted(by: Person | None, project: Project) -> frozenset[str]:
    """Return every action that this person may do here: one query for a page that asks about several."""
    role = None if by is None else project.role_of(by)
    return frozenset(action for action, roles in ROLES_BY_ACTION.items() if by is None or role in roles)


def projects_where(user: Person, action: str) -> QuerySet[Project]:
    """Return the projects in which this person may do this: the start of what is shown to nobody else."""
    return Project.objects.filter(memberships__user_id=user.pk or 0, memberships__role__in=ROLES_BY_ACTION[action])


def require(by: Person | None, project: Project, action: str) -> None:
    """Let pass whoever may do this here. Raises PermissionDenied with a sentence otherwise."""
    if not may(by, project, action):
        needed = " or ".join(sorted(role.label for role in ROLES_BY_ACTION[action]))
        raise PermissionDenied(f"Only an {needed} of {project} may do this ({action.replace('_', ' ')}).")


def user_of(by: Person | None) -> User | None:
    """Return the account that an action notes as its author; None: the operator of the site."""
    return cast("User", by) if by is not None and by.is_authenticated else None
