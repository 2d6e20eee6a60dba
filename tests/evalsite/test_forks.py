"""A forked process has its own connection, and leaves that of the process that forked it alone."""

import os
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection

from runs.models import Lane, LaneKind

pytestmark = pytest.mark.both


def said_by_fork(say: Callable[[], object]) -> str:
    """Return what `say` returns in a forked process, as text; "" where it raises."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with suppress(BaseException):
            os.write(writing, str(say()).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.django_db(transaction=True)
def test_fork_reads_and_writes_beside_the_process_that_forked_it() -> None:
    lane = Lane.objects.create(kind=LaneKind.LANE, host="here", pid=1)

    beaten = said_by_fork(lambda: Lane.objects.beat_once(lane.pk))

    lane.refresh_from_db()
    assert (beaten, lane.beat) == ("True", 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_fork_has_a_session_of_its_own_and_leaves_the_pool_alone() -> None:
    session = "SELECT pg_backend_pid()"
    _asked(session)
    connection.close()  # back into the pool, where a fork would find it

    forked = said_by_fork(lambda: _asked(session))

    assert forked.isdecimal()
    assert int(forked) != _asked(session)


def _asked(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: tuple[int] = cursor.fetchone()
    return found[0]
