"""Deleting by API: with If-Match only what was read, and at the same moment as others without an error of ours."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.models import Project, Scope
from tests.api_client import Api
from tests.evalsite.test_api_edits import at_once
from tests.factories import (
    AccessTokenFactory,
    DatasetFactory,
    ExperimentDraftFactory,
    ExperimentFactory,
    InvitationFactory,
    MembershipFactory,
    PromptFactory,
    ProviderFactory,
    RunRatingFactory,
)

CHANGED: dict[str, tuple[Callable[[Project], Any], Callable[[int], dict[str, Any]]]] = {
    "projects": (lambda project: project, lambda number: {"name": f"name {number}"}),
    "datasets": (lambda project: DatasetFactory(project=project), lambda number: {"name": f"name {number}"}),
    "experiments": (lambda project: ExperimentFactory(project=project), lambda number: {"name": f"name {number}"}),
    "providers": (lambda project: ProviderFactory(project=project), lambda number: {"name": f"name {number}"}),
    "prompts": (lambda project: PromptFactory(project=project), lambda number: {"name": f"name {number}"}),
    "members": (
        lambda project: MembershipFactory(project=project, role="viewer"),
        lambda number: {"role": ("editor", "owner")[number % 2]},
    ),
    "experiment-drafts": (
        lambda project: ExperimentDraftFactory(project=project),
        lambda number: {"document": f"experiment: name {number}\n"},
    ),
    "scores": (
        lambda project: RunRatingFactory(run__candidate__experiment__project=project, value=0.5),
        lambda number: {"value": number / 10},
    ),
}
"""How one of a kind is made, and the body of a change of it by number."""

ONCE = {
    "tokens": lambda project, owner: AccessTokenFactory(user=owner),
    "invitations": lambda project, owner: InvitationFactory(project=project),
}
"""How one of a kind is made that is not changed but ended."""


def path_of(kind: str, made: Any) -> str:
    return f"{kind}/{made.uid}/?name={getattr(made, 'name', '')}"


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", CHANGED)
def test_deletion_and_changes_of_the_same_state_at_the_same_moment_are_taken_once(
    owner: Any, project: Project, kind: str
) -> None:
    make, body = CHANGED[kind]
    api, path = Api(owner, Scope.ADMIN), path_of(kind, make(project))
    etag = api.get(path).headers["ETag"]

    def ask(number: int) -> Any:
        return api.patch(path, body(number), If_Match=etag) if number else api.delete(path, If_Match=etag)

    statuses = [answer.status_code for answer in at_once(ask)]

    taken = [status for status in statuses if status in (200, 204)]
    assert len(taken) == 1, statuses
    assert {status for status in statuses if status not in (200, 204)} <= {404, 409, 412}


@pytest.mark.parametrize("kind", CHANGED)
def test_what_changed_since_it_was_read_is_not_deleted(owner: Any, project: Project, kind: str) -> None:
    make, body = CHANGED[kind]
    api, path = Api(owner, Scope.ADMIN), path_of(kind, make(project))
    etag = api.get(path).headers["ETag"]
    api.patch(path, body(1))

    assert api.delete(path, If_Match=etag).status_code == 412
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("kind", ONCE)
def test_what_was_ended_since_it_was_read_is_not_ended_again(owner: Any, project: Project, kind: str) -> None:
    api, path = Api(owner, Scope.ADMIN), path_of(kind, ONCE[kind](project, owner))
    etag = api.get(path).headers["ETag"]

    ended, late = api.delete(path, If_Match=etag), api.delete(path, If_Match=etag)

    assert (ended.status_code, late.status_code) == (204, 412)


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", CHANGED)
def test_deletions_at_the_same_moment_are_no_error_of_ours(owner: Any, project: Project, kind: str) -> None:
    api, path = Api(owner, Scope.ADMIN), path_of(kind, CHANGED[kind][0](project))

    statuses = [answer.status_code for answer in at_once(lambda _: api.delete(path))]

    assert 204 in statuses
    assert set(statuses) <= {204, 404, 409}
    assert api.get(path).status_code == 404
