"""Every role x everything that writes: what a role may not do it may do neither by API nor by a form of the site."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern

from experiments import urls as experiments
from experiments.models import AccessToken, Candidate, DataImport, Dataset, Item, ItemEdit, Project, Scope
from runs import urls as runs
from tests.api_client import Api
from tests.api_world import World, world_of
from tests.evalsite.test_same_actions import ROUTES_BY_FORM, written
from tests.factories import ItemFactory

MESSAGES = [{"role": "user", "content": "{{ input }}"}]
CONFIG = {"model": "small", "prompt": "{{ input }}"}
PROVIDER = {"name": "new", "base_url": "http://127.0.0.1:9/v1"}
SCORER = {"name": "new", "kind": "contains", "options": {"value": "a"}}
TRIAL = {"kind": "contains", "options": {"value": "a"}, "answer": "a"}
DOCUMENT = "experiment: new\n"
FILE = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile("items.csv", b"key,input\na,b\n")})

VIEWER = {
    "POST experiments/{id}/prompt-preview": {"prompt": MESSAGES},
    "POST prompts/preview": {"prompt": MESSAGES, "item": {"input": "a"}},
    "POST scorers/{kind}/try": {"options": {"value": "a"}, "answer": "a"},
    "POST experiments/{id}/rate": {"id": "x", "values": {"helpful": 1}},
    "POST experiments/{id}/rate/skip": {"id": "x"},
    "POST experiments/{id}/rate/undo": None,
    "POST experiments/{id}/rate/again": None,
    "POST imports/{id}/preview": {},
    "POST runs/{id}/score": {"scorer_name": "helpful", "value": 1},
    "POST results/{id}/score": {"scorer_name": "helpful", "value": 1},
    "POST projects": {"name": "new"},
    "POST tokens": {"name": "new"},
    "DELETE tokens/{id}": None,
}
"""What everybody of a project may send, with a body; trying and rating, and what is the person's own."""

EDITOR = {
    "POST datasets": {"name": "new"},
    "PATCH datasets/{id}": {"description": "new"},
    "POST datasets/{id}/import": FILE,
    "POST imports/{id}/start": {},
    "POST imports/{id}/cancel": None,
    "POST datasets/{id}/items": {"key": "new", "input": "a"},
    "PATCH datasets/{id}/items/{key}": {"split": "new"},
    "DELETE datasets/{id}/items/{key}": None,
    "POST datasets/{id}/restore": {"key": "gone"},
    "POST datasets/{id}/edits/{number}/undo": None,
    "POST datasets/{id}/bulk-edits": {"action": "tag", "value": "new", "keys": ["item-0"]},
    "POST bulk-edits/{id}/cancel": None,
    "POST bulk-edits/{id}/undo": None,
    "POST datasets/{id}/freeze": {},
    "POST datasets/{id}/clone": {},
    "POST versions/{id}/restore": None,
    "POST experiment-drafts": {"document": DOCUMENT},
    "PATCH experiment-drafts/{id}": {"document": DOCUMENT},
    "DELETE experiment-drafts/{id}": None,
    "POST experiment-drafts/{id}/try": None,
    "POST experiment-drafts/{id}/start": None,
    "POST experiments": {"name": "new"},
    "PATCH experiments/{id}": {"description": "new"},
    "POST experiments/{id}/clone": None,
    "POST experiments/{id}/candidates": {"name": "new", "copy_of": "candidate"},
    "DELETE experiments/{id}/candidates/{candidate}": None,
    "POST experiments/{id}/scorers": SCORER,
    "POST experiments/{id}/scorers/try": TRIAL,
    "DELETE experiments/{id}/scorers/{name}": None,
    "POST scorer-proposals/{id}/keep": None,
    "POST scorer-proposals/{id}/go-on": None,
    "DELETE scorer-proposals/{id}": None,
    **{f"POST experiments/{{id}}/{verb}": None for verb in ("start", "pause", "resume", "cancel", "retry")},
    **{f"POST runs/{{id}}/{verb}": None for verb in ("pause", "resume", "cancel", "retry")},
    "POST runs": {"config": CONFIG},
    "POST results/{id}/again": None,
    "POST prompts": {"name": "new", "messages": MESSAGES},
    "PATCH prompts/{id}": {"name": "new"},
    "POST prompts/{id}/versions": {"messages": MESSAGES},
    "POST providers": PROVIDER,
    "PATCH providers/{id}": {"max_in_flight": 3},
    "POST providers/{id}/pause": None,
    "POST providers/{id}/resume": None,
    "POST providers/{id}/test": {"model": "m"},
}
"""What needs an editor."""

OWNER = {
    "PATCH projects/{id}": {"name": "new"},
    "DELETE projects/{id}": None,
    "DELETE datasets/{id}": None,
    "DELETE experiments/{id}": None,
    "DELETE prompts/{id}": None,
    "DELETE providers/{id}": None,
    "PATCH scores/{id}": {"value": 1},
    "DELETE scores/{id}": None,
    "POST invitations": {"role": "viewer"},
    "DELETE invitations/{id}": None,
    "PATCH members/{id}": {"role": "editor"},
    "DELETE members/{id}": None,
}
"""What needs an owner; a score is somebody else's."""

BODIES = VIEWER | EDITOR | OWNER
IN_A_PROJECT = ("datasets", "experiments", "experiment-drafts", "prompts", "providers", "invitations")
TYPED = {
    "prompt-detail": {"form": "messages", "role-0": "user", "content-0": "new"},
    "prompt-settings": {"name": "new"},
    "provider-detail": {"name": "new", "base_url": "http://127.0.0.1:9/v1"},
    "project-settings": {"name": "new"},
    "dataset-settings": {"name": "new"},
    "item-new": {"key": "new", "input": "a"},
    "member-list": {"role": "viewer", "days": "7"},
    "item-remove": {"seen_at": "2026-01-01T00:00:00+00:00"},
    "import-detail": {"role-0": "input"},
    "experiment-weights": {"w.correct": "2"},
    "experiment-rate-scorer": {"name": "new", "scale": "0-1"},
    "result-rate": {"scorer_name": "new", "value": "1"},
}
"""What a form needs to come as far as the question who sent it, by the name of its address."""

OTHER_THAN_403 = {
    "dataset-import-new": 422,
    "experiment-new": 404,
    "prompt-new": 404,
    "provider-new": 422,
    "invitation-revoke": 404,
}
"""What a form answers to who may not send it: where the project is chosen in it, or what they do not even see."""

NAMING = {"POST runs": "experiment_id", "POST experiments/{id}/candidates": "copy_of"}
"""Which object of the world a body names, by route."""

OTHERWISE = {"result-rate": "editor"}
"""The least role of a form's use that its routes do not tell: `new` is no scorer yet."""


def needed(route: str) -> str:
    """Return the least role that a route is for."""
    return "viewer" if route in VIEWER else "editor" if route in EDITOR else "owner"


def needed_by_form(name: str) -> str:
    """Return the least role that a form is for: that of the routes beside it."""
    return OTHERWISE.get(name) or needed(ROUTES_BY_FORM[name][0])


def call_of(world: World, route: str) -> tuple[str, str, Any]:
    """Return method, path and body of a call, the objects of the world named in them."""
    method, _, path = route.partition(" ")
    kind, body = path.partition("/")[0], BODIES[route]
    address = path.format(**{"number": ItemEdit.objects.latest("pk").pk} | world.parameters_of(path))
    if method == "DELETE":
        return method, f"{address}?name={world.named.get(kind, {}).get('name', '')}", body
    if method == "POST" and path in IN_A_PROJECT:
        return method, address, {**body, "project": world.fields["project"]}
    if route in NAMING:
        return method, address, {**body, NAMING[route]: world.fields[NAMING[route]]}
    return method, address, body


def address_of(world: World, form: URLPattern) -> str:
    """Return the address of a page's form about the objects of the world."""
    path = re.sub(r"<\w+:(\w+)>", r"{\1}", str(form.pattern))
    known = world.parameters_of(path)
    numbers = {
        "items": Item.objects.get(dataset__uid=world.ids["datasets"], key="new-0").pk,
        "versions": 1,
        "scorers": 0,
        "history": ItemEdit.objects.latest("pk").pk,
    }
    number = next((numbers[word] for word in path.split("/") if word in numbers), 0)
    candidate = Candidate.objects.filter(experiment__uid=world.ids["experiments"]).earliest("pk")
    return "/" + path.format(**known | {"uid": known["id"], "number": number, "ordinal": 0, "candidate": candidate.uid})


FORMS = {
    one.name: one
    for one in (*experiments.urlpatterns, *runs.urlpatterns)
    if isinstance(one, URLPattern) and one.name in ROUTES_BY_FORM
}


def table_world(project: Project, person: Any) -> World:
    """Return a world in which the draft has an item no more, and a file waits for its columns."""
    world = world_of(project, person)
    DataImport.objects.update(status="uploaded", ended_at=None, version=None)
    waiting = DataImport.objects.get().path
    waiting.parent.mkdir(parents=True, exist_ok=True)
    waiting.write_bytes(b"question\nWhy?\n")
    ItemFactory(dataset=Dataset.objects.get(uid=world.ids["datasets"]), key="gone", since=1, until=2)
    return world


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block writes, so that each call finds the same world."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def kind_of(route: str) -> dict[str, str]:
    """Return the header that says what the body of a call is, where it is no JSON."""
    return {"Content-Type": MULTIPART_CONTENT} if isinstance(BODIES[route], bytes) else {}


def statuses_by_api(world: World, person: Any, routes: set[str]) -> dict[str, int]:
    """Return what the API answers this person, by route."""
    header = f"Bearer {AccessToken.issue(user=person, name='table', scope=Scope.ADMIN)[1]}"
    found = {}
    for route in routes:
        with undone():
            found[route] = Api().call(*call_of(world, route), Authorization=header, **kind_of(route)).status_code
    return found


def statuses_by_form(world: World, person: Any, names: set[str]) -> dict[str, int]:
    """Return what the site answers to what this person sends, by the name of the form."""
    client, found = Client(), {}
    client.force_login(person)
    for name in names:
        with undone():
            found[name] = client.post(address_of(world, FORMS[name]), TYPED.get(name, {})).status_code
    return found


REFUSED = {"viewer": ("editor", "owner"), "editor": ("owner",)}
ALLOWED = {"editor": ("viewer", "editor"), "owner": ("viewer", "editor", "owner")}
UNSEEN = {"DELETE invitations/{id}": 404}
"""What those who may not do it do not even see."""


def test_every_route_that_writes_stands_in_the_table() -> None:
    assert written() == BODIES.keys()


@pytest.mark.parametrize("role", REFUSED)
def test_api_refuses_what_a_role_may_not_do(project: Project, owner: Any, role: str, request: Any) -> None:
    world, refused = table_world(project, owner), {one for one in BODIES if needed(one) in REFUSED[role]}

    answers = statuses_by_api(world, request.getfixturevalue(role), refused)

    assert {route: status for route, status in answers.items() if status != UNSEEN.get(route, 403)} == {}


@pytest.mark.parametrize("role", ALLOWED)
def test_api_lets_do_what_a_role_may_do(project: Project, owner: Any, role: str, request: Any) -> None:
    world, person = table_world(project, request.getfixturevalue(role)), request.getfixturevalue(role)

    answers = statuses_by_api(world, person, {one for one in BODIES if needed(one) in ALLOWED[role]})

    assert {route: status for route, status in answers.items() if status == 403} == {}


@pytest.mark.parametrize("role", REFUSED)
def test_forms_refuse_what_a_role_may_not_do(project: Project, owner: Any, role: str, request: Any) -> None:
    world = table_world(project, owner)
    refused = {one for one in FORMS if needed_by_form(one) in REFUSED[role]}

    answers = statuses_by_form(world, request.getfixturevalue(role), refused)

    assert {name: status for name, status in answers.items() if status != OTHER_THAN_403.get(name, 403)} == {}


@pytest.mark.parametrize("role", ALLOWED)
def test_forms_let_do_what_a_role_may_do(project: Project, owner: Any, role: str, request: Any) -> None:
    world = table_world(project, owner)
    allowed = {one for one in FORMS if needed_by_form(one) in ALLOWED[role]}

    answers = statuses_by_form(world, request.getfixturevalue(role), allowed)

    assert {name: status for name, status in answers.items() if status == 403} == {}
