"""The people of the tests: three members of one project, and a stranger who belongs to another."""

from typing import Any

import pytest

from experiments.models import Project, Role
from tests.factories import MembershipFactory, ProjectFactory, UserFactory


@pytest.fixture
def project(db: None) -> Project:
    """The project that owner, editor and viewer belong to."""
    return ProjectFactory(name="team")


@pytest.fixture
def owner(project: Project) -> Any:
    """An owner of the project."""
    return MembershipFactory(project=project, role=Role.OWNER, user__username="owner").user


@pytest.fixture
def editor(project: Project) -> Any:
    """An editor of the project."""
    return MembershipFactory(project=project, role=Role.EDITOR, user__username="editor").user


@pytest.fixture
def viewer(project: Project) -> Any:
    """A viewer of the project."""
    return MembershipFactory(project=project, role=Role.VIEWER, user__username="viewer").user


@pytest.fixture
def stranger(db: None) -> Any:
    """The owner of another project, who is nobody here."""
    return MembershipFactory(role=Role.OWNER, user=UserFactory(username="stranger")).user


def member_of(project: Project, role: str) -> Any:
    """Return a new member of a project."""
    return MembershipFactory(project=project, role=Role(role)).user
