"""Every address of the API that is read asks the database as often with one row as with twenty."""

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from evalsite.api.routes import urlpatterns
from tests.api_client import Api
from tests.api_world import World, world_of

MANY = 20
QUERIES = {"comparison": "?a={a}&b={b}", "export": "?format=csv", "search": "?q=e"}
"""What an address is asked besides, by the name of its route."""


def is_read(route: URLPattern) -> bool:
    return "get" in getattr(route.callback, "actions", {})


STREAMED = {"export", "outputs-export", "ratings"}
"""Files that are read from the database piece by piece while they are sent, however large they are."""
READ = {str(route.name): route for route in urlpatterns if is_read(route) and route.name not in STREAMED}


def address_in(world: World, route: URLPattern) -> str:
    pattern = str(route.pattern).removeprefix("^").removesuffix("/?$")
    return f"{world.address(pattern)}/{QUERIES.get(str(route.name), '').format(**world.parameters)}"


def queries_of(api: Api, address: str) -> list[str]:
    api.get(address).getvalue()  # what a process asks once, it has asked now
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = api.get(address)
        answer.getvalue()
    assert answer.status_code == 200, answer.getvalue()
    return [one["sql"] for one in asked.captured_queries]


def test_every_address_that_is_read_asks_as_many_queries_with_one_row_as_with_twenty(owner: Any, project: Any) -> None:
    one, many = (
        {name: queries_of(Api(owner), address_in(world, route)) for name, route in READ.items()}
        for world in (world_of(project, owner, rows=rows) for rows in (1, MANY))
    )

    grown = {name: f"{len(one[name])} -> {len(many[name])}" for name in READ if len(many[name]) > len(one[name])}
    assert grown == {}
