"""Two hundred open streams of the live site leave the connections of PostgreSQL to others."""

import asyncio
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from runs.models import Run, RunStatus
from tests.boards import experiment_in, run_of
from tests.factories import MembershipFactory

STREAMS = 200
LIMIT_S = 60
POOL, LISTENING, OF_THE_TEST = 10, 1, 1


@pytest.mark.postgres
def test_streams_of_200_watchers_take_no_more_than_the_pool(live_site: str, client: Client) -> None:
    member = MembershipFactory()
    run = run_of(experiment_in(member.project), status=RunStatus.RUNNING)
    client.force_login(member.user)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())

    heads, connections = asyncio.run(watched_by_many(live_site, run, cookie))

    assert heads == {b"HTTP/1.1 200 OK\r\n"}
    assert connections <= POOL + LISTENING + OF_THE_TEST


async def watched_by_many(site: str, run: Run, cookie: str) -> tuple[set[bytes], int]:
    """Open the streams at once; return the first lines of their answers, and the connections while all are open."""
    address = urlsplit(site)
    path = reverse("runs:run-stream", args=[run.uid])
    asked = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n"

    async def open_one() -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(asked.encode())
        head = await reader.readline()
        await reader.readuntil(b"event: changed")
        return head, writer

    async with asyncio.timeout(LIMIT_S):
        opened = await asyncio.gather(*(open_one() for _ in range(STREAMS)))
        count = await asyncio.to_thread(connections_to_this_database)
    for _, writer in opened:
        writer.close()
    return {head for head, _ in opened}, count


def connections_to_this_database() -> int:
    """Return how many there are, that of the question left out."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(cursor.fetchone()[0])
    finally:
        connection.close()
