"""Live news: one look a tick for all, what wakes a stream, what ends it."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments.models import Role
from runs.live import streams
from runs.live.streams import CHANGED, OVER, PING, Hub, Looker, RunRow, Sight, Topic, events, last_seen
from runs.models import Run, RunStatus, WorkUnit
from tests.boards import experiment_in, run_of
from tests.factories import LaneFactory, MembershipFactory, ProjectFactory

LIMIT_S = 10


class Seen:
    """A look that gives what the test put there, and counts."""

    def __init__(self, *rows: RunRow, sessions: Iterable[str] = ("s",)) -> None:
        self.sight = Sight(rows, frozenset(sessions), are_workers_gone=False)
        self.topics: list[set[Topic]] = []

    def __call__(self, topics: Iterable[Topic], sessions: Iterable[str]) -> Sight:
        """Return the sight."""
        self.topics.append(set(topics))
        return self.sight

    def show(self, *rows: RunRow, sessions: Iterable[str] = ("s",)) -> None:
        """Change what is seen."""
        self.sight = Sight(rows, frozenset(sessions), are_workers_gone=False)


def row(*, run: int = 1, experiment: int = 1, is_done: bool = False, done: int = 0) -> RunRow:
    """Return what a run looks like from afar."""
    return RunRow(run, experiment, 1, "running", is_done, (10, done))


async def first(stream: Any) -> bytes:
    """Return the next event of a stream."""
    return await asyncio.wait_for(anext(stream), LIMIT_S)


async def test_stream_says_changed_at_once_and_again_when_a_count_moves() -> None:
    seen = Seen(row())
    stream = events(Hub(look=seen, tick_s=0.01), Topic(run=1), "s")

    at_once = await first(stream)
    seen.show(row(done=1))
    moved = await first(stream)
    await stream.aclose()

    assert (at_once, moved) == (CHANGED, CHANGED)


async def test_stream_without_news_pings() -> None:
    stream = events(Hub(look=Seen(row()), tick_s=0.01), Topic(run=1), "s", ping_s=0.05)

    found = [await first(stream), await first(stream)]
    await stream.aclose()

    assert found == [CHANGED, PING]


async def test_stream_hears_nothing_of_other_runs() -> None:
    seen = Seen(row())
    stream = events(Hub(look=seen, tick_s=0.01), Topic(run=1), "s", ping_s=0.1)

    await first(stream)
    seen.show(row(), row(run=2, experiment=2, done=5))
    found = await first(stream)
    await stream.aclose()

    assert found == PING


async def test_stream_ends_when_every_run_has_ended() -> None:
    seen = Seen(row(is_done=True))

    found = [event async for event in events(Hub(look=seen, tick_s=0.01), Topic(experiment=1), "s")]

    assert found == [OVER]


async def test_stream_ends_when_its_session_is_gone() -> None:
    seen = Seen(row())
    stream = events(Hub(look=seen, tick_s=0.01), Topic(run=1), "s")

    await first(stream)
    seen.show(row(), sessions=())
    rest = [event async for event in stream]

    assert rest == []


async def test_hub_looks_once_a_tick_for_all_its_streams() -> None:
    seen = Seen(row(), row(run=2))
    hub = Hub(look=seen, tick_s=0.01)
    both = [events(hub, Topic(run=number), "s") for number in (1, 2)]

    await asyncio.gather(*(first(stream) for stream in both))
    await asyncio.gather(*(stream.aclose() for stream in both))

    assert seen.topics[-1] == {Topic(run=1), Topic(run=2)}


async def test_hub_ends_with_its_last_stream_and_begins_anew() -> None:
    hub = Hub(look=Seen(row()), tick_s=0.01)
    stream = events(hub, Topic(run=1), "s")
    await first(stream)
    task = hub._task
    await stream.aclose()

    assert task is not None
    await asyncio.wait_for(task, LIMIT_S)
    again = events(hub, Topic(run=1), "s")
    assert await first(again) == CHANGED
    await again.aclose()


async def test_last_seen_is_what_streams_saw_of_a_topic_while_they_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(row())
    hub = Hub(look=seen, tick_s=0.01)
    monkeypatch.setattr(streams, "_hubs", {asyncio.get_running_loop(): hub})
    stream = events(hub, Topic(run=1), "s")

    unwatched = last_seen(Topic(run=1))
    await first(stream)
    before = last_seen(Topic(run=1))
    seen.show(row(done=1))
    await first(stream)
    after, of_another = last_seen(Topic(run=1)), last_seen(Topic(run=2))
    await stream.aclose()

    assert before is not None
    assert before != after
    assert (unwatched, of_another, last_seen(Topic(run=1))) == (None, None, None)


async def test_last_seen_of_what_is_over_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(look=Seen(row(is_done=True)), tick_s=0.01)
    monkeypatch.setattr(streams, "_hubs", {asyncio.get_running_loop(): hub})
    stream = events(hub, Topic(run=1), "s")

    event = await first(stream)

    assert (event, last_seen(Topic(run=1))) == (OVER, None)
    await stream.aclose()


async def test_hub_outlives_a_database_that_is_away() -> None:
    seen, failures = Seen(row()), [OperationalError("away")]

    def look(topics: Iterable[Topic], sessions: Iterable[str]) -> Sight:
        if failures:
            raise failures.pop()
        return seen(topics, sessions)

    stream = events(Hub(look=look, tick_s=0.01), Topic(run=1), "s")
    found = await first(stream)
    await stream.aclose()

    assert found == CHANGED


@pytest.mark.both
def test_look_asks_once_for_all_runs(project: Any) -> None:
    experiment = experiment_in(project)
    runs = [run_of(experiment, status=RunStatus.RUNNING) for _ in range(3)]
    topics = [Topic(run=runs[0].pk), Topic(experiment=experiment.pk), Topic(projects=(project.pk,))]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        rows = streams._rows(topics)

    assert len(queries) == 1
    assert [one.run for one in rows] == [run.pk for run in runs]


@pytest.mark.parametrize("change", [{"ok_count": 1}, {"open_calls": 1}, {"timeout_count": 1}])
def test_look_sees_every_count_that_moves(project: Any, change: dict[str, int]) -> None:
    run = run_of(experiment_in(project), status=RunStatus.RUNNING)
    before = streams._rows([Topic(run=run.pk)])

    WorkUnit.objects.filter(run=run).update(**change)

    assert streams._rows([Topic(run=run.pk)]) != before


def test_look_of_a_project_leaves_ended_runs_out(project: Any) -> None:
    run = run_of(experiment_in(project), status=RunStatus.RUNNING)
    Run.objects.get(pk=run.pk).complete()

    assert streams._rows([Topic(projects=(project.pk,))]) == []


@pytest.mark.django_db(transaction=True)
def test_look_says_which_sessions_are_signed_in(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    key = client.session.session_key or ""

    sight = Looker()([], [key, "gone"])

    assert sight.sessions == {key}


def test_workers_are_gone_without_a_host(db: None) -> None:
    assert streams.are_workers_gone() is True


def test_workers_are_there_with_a_host(db: None) -> None:
    LaneFactory(kind="host")

    assert streams.are_workers_gone() is False


@pytest.fixture
def watched(transactional_db: None) -> tuple[User, Run]:
    project = ProjectFactory()
    user = MembershipFactory(project=project, role=Role.VIEWER).user
    return user, run_of(experiment_in(project), status=RunStatus.RUNNING)


@pytest.mark.parametrize("name", ["runs:run-stream", "runs:experiment-stream"])
def test_stream_of_a_strangers_object_is_a_404(
    async_client: AsyncClient, watched: tuple[User, Run], name: str, stranger_late: User
) -> None:
    uid = watched[1].uid if name == "runs:run-stream" else watched[1].experiment.uid

    async def ask() -> int:
        await async_client.aforce_login(stranger_late)
        return (await async_client.get(reverse(name, args=[uid]))).status_code

    assert asyncio.run(ask()) == 404


@pytest.fixture
def stranger_late(transactional_db: None) -> User:
    return MembershipFactory(role=Role.OWNER).user


def test_stream_for_whoever_is_not_signed_in_ends_for_good(client: Client, db: None) -> None:
    answer = client.get(reverse("runs:home-stream"), headers={"Accept": "text/event-stream"})

    assert answer.status_code == 204


@pytest.mark.parametrize("name", ["runs:run-stream", "runs:experiment-stream", "runs:home-stream"])
def test_stream_carries_news_to_members(async_client: AsyncClient, watched: tuple[User, Run], name: str) -> None:
    user, run = watched
    uids = {"runs:run-stream": [run.uid], "runs:experiment-stream": [run.experiment.uid], "runs:home-stream": []}

    async def ask() -> tuple[Any, bytes]:
        await async_client.aforce_login(user)
        answer = await async_client.get(reverse(name, args=uids[name]))
        stream = aiter(answer)
        event = await first(stream)
        await stream.aclose()
        await sync_to_async(answer.close)()
        return answer, event

    answer, event = asyncio.run(ask())

    assert event == CHANGED
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["X-Accel-Buffering"] == "no"
    assert answer["Cache-Control"] == "no-store"
