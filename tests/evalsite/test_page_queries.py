"""Every address of the site that is read asks the database as often with two rows of everything as with twenty.

The addresses are those of the URL confs: a new one is asked too, and fails here where it answers something else than
a page and stands in no table.
"""

from dataclasses import replace
from typing import Any

from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from evalsite import urls as site
from experiments import urls as experiments
from experiments.models import Project
from runs import urls as runs
from tests.api_world import World, world_of
from tests.evalsite.test_project_admin import OURS, staff_client
from tests.evalsite.test_role_table import address_of
from tests.factories import DatasetFactory, ItemFactory

FEW, MANY = 2, 20
"""Not one row: a run of one result is shown otherwise than a larger one."""

QUERIES = {
    "search": "?q=e",
    "experiment-compare": "?a={a}&b={b}",
    "version-diff": "?from=1&to=1",
    "experiment-pair": "?a={experiment_id}&b={experiment_id}",
}
"""What an address is asked besides, by its name."""

STREAMED = {"dataset-export", "experiment-export", "outputs-export", "experiment-ratings"}
"""Files that are read from the database piece by piece while they are sent, however large they are."""

LIVE = {"run-stream", "experiment-stream", "home-stream"}
"""Streams without an end: one shared query a tick, held by the tests of streams."""

WITHOUT_DATABASE = {"sign-in", "signed-out", "healthz", "readyz", "metrics"}
"""What is read without a person, and asks about no rows of theirs, or about all of them by counts."""

ELSEWHERE = {
    "settings": 302,
    "favicon": 302,
    "experiment-detail": 302,
    "experiment-pair": 302,
    "result-medium": 404,
    "invitation": 410,
    "sign-in-link": 410,
}
"""What else than 200 an address answers here, by its name."""


def routes() -> dict[str, URLPattern]:
    """Return every address of the site by its name; those that are included elsewhere have tests of their own."""
    patterns = [*site.urlpatterns, *experiments.urlpatterns, *runs.urlpatterns]
    found = {str(one.name): one for one in patterns if isinstance(one, URLPattern)}
    return {name: one for name, one in found.items() if name not in STREAMED | LIVE | WITHOUT_DATABASE}


def address_in(world: World, route: URLPattern) -> str:
    if "<str:token>" in str(route.pattern):
        return "/" + str(route.pattern).replace("<str:token>", "useless")
    ids = {**world.ids, "board-rows": world.ids["runs"], "settings": world.ids["tokens"]}
    whole = replace(world, ids=ids, parameters={**world.parameters, "table": "runs"})
    return address_of(whole, route) + QUERIES.get(str(route.name), "").format(**world.parameters)


def asked(client: Client, address: str) -> tuple[int, int]:
    """Return the status of the answer to the second GET, and how many queries it took."""
    client.get(address)  # what a process asks once, it has asked now
    with CaptureQueriesContext(connection) as queries:
        answer: HttpResponseBase = client.get(address)
        assert not answer.streaming or answer.getvalue()
    return answer.status_code, len(queries.captured_queries)


def test_every_page_asks_as_many_queries_with_two_rows_as_with_twenty(owner: Any, project: Project) -> None:
    client = Client()
    client.force_login(owner)
    few, many = (
        {name: asked(client, address_in(world, route)) for name, route in routes().items()}
        for world in (world_of(project, owner, rows=rows) for rows in (FEW, MANY))
    )

    read = {name: status for name, (status, _) in many.items() if status != 405}
    assert {name: status for name, status in read.items() if status != ELSEWHERE.get(name, 200)} == {}
    assert {name: f"{few[name]} -> {many[name]}" for name in read if many[name][1] > few[name][1]} == {}


def test_every_list_of_the_admin_asks_as_many_queries_with_two_rows_as_with_many(owner: Any, project: Project) -> None:
    client, query = staff_client(owner), f"?dataset={DatasetFactory(project=project).pk}"
    addresses = {name: reverse(f"admin:{name}_changelist") for name in OURS}
    addresses["experiments_item"] += query  # without one it leads to the newest
    found = []
    for rows in (FEW, MANY):
        world_of(project, owner, rows=rows)
        ItemFactory.create_batch(rows, dataset_id=query.partition("=")[2])
        found.append({name: asked(client, address) for name, address in addresses.items()})

    assert {status for status, _ in found[1].values()} == {200}
    assert {name: f"{found[0][name]} -> {found[1][name]}" for name in OURS if found[1][name] > found[0][name]} == {}
