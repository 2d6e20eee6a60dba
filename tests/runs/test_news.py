"""News between processes: coalesced where they are told, heard by hubs, and never relied on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

from runs.live.listening import Listener, listener
from runs.live.streams import CHANGED, Hub, Topic, events
from runs.news import Teller, tell
from tests.factories import RunFactory
from tests.runs.test_live_streams import LIMIT_S, Seen, first, row

NEVER_S = 1_000.0


def test_teller_tells_at_most_four_times_a_second() -> None:
    now, told = [0.0], list[float]()
    teller = Teller(clock=lambda: now[0], tell=lambda: told.append(now[0]))

    for tenth in range(11):
        now[0] = tenth / 10
        teller.tell()

    assert told == [0.0, 0.3, 0.6, 0.9]


@pytest.mark.django_db
def test_listener_is_for_postgres_alone() -> None:
    assert (listener() is not None) == (connection.vendor == "postgresql")


@contextlib.asynccontextmanager
async def listening(to: Listener) -> AsyncIterator[None]:
    """Let a listener run while the block does, from when it listens."""
    task = asyncio.create_task(to.run())
    try:
        await until_listening(to)
        yield
    finally:
        task.cancel()
        await sync_to_async(connections.close_all)()


async def until_listening(to: Listener) -> None:
    """Come back once it listens."""
    async with asyncio.timeout(LIMIT_S):
        while not to.is_listening:  # noqa: ASYNC110 - the test watches from outside
            await asyncio.sleep(0.01)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_listener_hears_of_a_run_that_is_paused() -> None:
    heard = Listener()
    run = await sync_to_async(RunFactory)()

    async with listening(heard):
        await sync_to_async(run.pause)("a test")
        await asyncio.wait_for(heard.heard.wait(), LIMIT_S)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_listener_whose_connection_is_ended_connects_again() -> None:
    heard = Listener(try_again_s=0.01)

    async with listening(heard):
        (former,) = await sync_to_async(listening_processes)()
        await sync_to_async(_answer)(f"SELECT pg_terminate_backend({former})")
        async with asyncio.timeout(LIMIT_S):
            while await sync_to_async(listening_processes)() in ([], [former]):  # noqa: ASYNC110 - the server's state
                await asyncio.sleep(0.01)
        heard.heard.clear()
        await sync_to_async(tell)()
        await asyncio.wait_for(heard.heard.wait(), LIMIT_S)


def listening_processes() -> list[int]:
    """Return the processes of the server that somebody listens to."""
    return _answer("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND state = 'idle'")


def _answer(statement: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [found[0] for found in cursor.fetchall()]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_stream_hears_of_news_long_before_the_next_tick() -> None:
    seen, told = Seen(row()), Listener()
    hub = Hub(look=seen, listener=told, tick_s=0.01, tick_listening_s=NEVER_S)
    stream = events(hub, Topic(run=1), "s")
    await first(stream)
    await until_listening(told)

    seen.show(row(done=1))
    await sync_to_async(tell)()
    moved = await first(stream)
    await stream.aclose()
    await sync_to_async(connections.close_all)()

    assert moved == CHANGED


async def test_stream_without_a_word_is_still_told_at_the_tick() -> None:
    seen, deaf = Seen(row()), Listener()
    deaf.is_listening = True
    deaf.run = lambda: asyncio.sleep(NEVER_S)  # type: ignore[method-assign]
    stream = events(Hub(look=seen, listener=deaf, tick_listening_s=0.01), Topic(run=1), "s")
    await first(stream)

    seen.show(row(done=1))
    moved = await first(stream)
    await stream.aclose()

    assert moved == CHANGED
