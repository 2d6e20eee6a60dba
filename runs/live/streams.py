"""Live news of runs: one shared hub a process asks the database once a tick for all who watch.

A stream never touches the ORM: each request that does keeps a database connection for as long as it lives
(docs/design.md, "Live pages"). News carry nothing but that something changed; pages then ask for their parts.
"""

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import DatabaseError, close_old_connections, connections
from django.db.models import F, Q, Sum
from django.http import StreamingHttpResponse
from django.utils import timezone

from runs.live.listening import Listener, listener
from runs.live.standstill import waits_of
from runs.models import ACTIVE, Lane, Run
from runs.models.runs import RUNNABLE
from runs.models.units import COUNT_BY_OUTCOME
from runs.watcher import BeatWatch

TICK_S = 0.5
TICK_LISTENING_S = 1.0
BETWEEN_LOOKS_S = 0.25
PING_S = 15.0
WORKERS_GONE_AFTER_S = 30.0
CHANGED, OVER, PING = b"event: changed\ndata:\n\n", b"event: over\ndata:\n\n", b": ping\n\n"
IN_FLIGHT_STEP = 1_000_000_007  # so that a result that comes and a call that ends never cancel out
COUNTED = sum(
    (F(f"units__{column}") for column in COUNT_BY_OUTCOME.values()), start=F("units__open_calls") * IN_FLIGHT_STEP
)
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a stream is about: one run, the runs of one experiment, or what goes on in some projects."""

    run: int | None = None
    experiment: int | None = None
    projects: tuple[int, ...] = ()

    def covers(self, row: "RunRow") -> bool:
        """Return whether a run belongs to it."""
        return row.run == self.run or row.experiment == self.experiment or row.project in self.projects


@dataclass(frozen=True, slots=True)
class RunRow:
    """What one run looks like from afar: equal rows mean that nothing has changed."""

    run: int
    experiment: int
    project: int
    status: str
    is_done: bool
    counts: tuple[object, ...]
    """Cases prepared, results planned, done and in flight, when its standing was written, and why it waits."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one tick saw."""

    rows: tuple[RunRow, ...]
    sessions: frozenset[str]
    """Those asked about that are still signed in."""
    are_workers_gone: bool


@dataclass(eq=False, slots=True)
class Watcher:
    """One open stream."""

    topic: Topic
    session: str
    news: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False
    is_gone: bool = False
    """Its session has ended."""
    seen: object = None

    def notice(self, sight: Sight) -> None:
        """Compare a tick with the one before, and wake the stream when it has something to say."""
        rows = tuple(row for row in sight.rows if self.topic.covers(row))
        if self.session not in sight.sessions:
            self.is_gone = True
        elif (rows, sight.are_workers_gone) == self.seen:
            return
        self.seen = rows, sight.are_workers_gone
        self.is_over = not self.topic.projects and all(row.is_done for row in rows)
        self.news.set()


Look = Callable[[Iterable[Topic], Iterable[str]], Sight]


class Looker:
    """Looks at the database for all topics at once; runs in a thread of the database."""

    def __init__(self) -> None:
        self._beats = BeatWatch()

    def __call__(self, topics: Iterable[Topic], sessions: Iterable[str]) -> Sight:
        """Return what is there now."""
        close_old_connections()
        hosts = list(Lane.objects.hosts())
        still = self._beats.still(hosts, WORKERS_GONE_AFTER_S)
        signed_in = Session.objects.filter(pk__in=set(sessions), expire_date__gt=timezone.now())
        return Sight(
            tuple(_rows(list(topics))), frozenset(signed_in.values_list("pk", flat=True)), len(still) == len(hosts)
        )


def _rows(topics: list[Topic]) -> list[RunRow]:
    """Return the runs of all topics, in one query. Of projects only those that go on: one that ends drops out."""
    wanted = Q(pk__in=[topic.run for topic in topics if topic.run])
    wanted |= Q(experiment__in=[topic.experiment for topic in topics if topic.experiment])
    projects = {project for topic in topics for project in topic.projects}
    wanted |= Q(experiment__project__in=projects, status__in=ACTIVE)
    # The standing is written by `scoring`; its time is all that is read of it.
    names = ("pk", "experiment_id", "experiment__project_id", "status")
    figures = ("preparation__done_count", "planned_count", "standing__updated_at")
    found = (
        Run.objects.filter(wanted)
        .order_by("pk")
        .annotate(counted=Sum(COUNTED))
        .values_list(*names, *figures, "counted")
    )
    waits = waits_of([run for run, _, _, status, *_ in found if status in RUNNABLE])
    return [_row(*row, waits.get(row[0])) for row in found]


def _row(run: int, experiment: int, project: int, status: str, prepared: int | None, *figures: object) -> RunRow:
    is_done = status not in ACTIVE and prepared is None
    return RunRow(run, experiment, project, status, is_done, (prepared, *figures))


class Hub:
    """Tells every watcher of one event loop what changed. Its task lives while somebody watches."""

    def __init__(
        self,
        *,
        look: Look | None = None,
        tick_s: float = TICK_S,
        listener: Listener | None = None,
        tick_listening_s: float = TICK_LISTENING_S,
    ) -> None:
        """While the listener listens, it looks when something was heard, and every `tick_listening_s` all the same."""
        self._look, self._tick_s = look or Looker(), tick_s
        self._listener, self._tick_listening_s = listener, tick_listening_s
        self.watchers: set[Watcher] = set()
        """The open streams."""
        self._task: asyncio.Task[None] | None = None
        self.are_workers_gone = False

    def join(self, topic: Topic, session: str) -> Watcher:
        """Add a stream."""
        watcher = Watcher(topic, session)
        self.watchers.add(watcher)
        if self._listener is not None:
            self._listener.heard.set()
        if self._task is None or self._task.done():
            # A fresh context: else the task would live in the first request's thread, and keep its connection.
            self._task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Take a stream away."""
        self.watchers.discard(watcher)

    async def _run(self) -> None:
        listening = asyncio.create_task(self._listener.run()) if self._listener is not None else None
        try:
            while self.watchers:
                if self._listener is not None:
                    self._listener.heard.clear()  # before the look: what is told during it is looked at anew
                await self._tick()
                await self._wait()
        finally:
            if listening is not None:
                listening.cancel()
            await sync_to_async(connections.close_all)()

    async def _wait(self) -> None:
        """Wait for the next look: a tick; where somebody listens for news, at least a quarter of a second."""
        if self._listener is None or not self._listener.is_listening:
            await asyncio.sleep(self._tick_s)
            return
        await asyncio.sleep(BETWEEN_LOOKS_S)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._listener.heard.wait(), self._tick_listening_s)

    async def _tick(self) -> None:
        watchers = list(self.watchers)
        topics, sessions = {watcher.topic for watcher in watchers}, {watcher.session for watcher in watchers}
        try:
            sight = await sync_to_async(self._look)(topics, sessions)
        except DatabaseError as error:
            logger.warning("Live pages wait for the database: %s", error)
            return
        _gone_by_hub[self] = sight.are_workers_gone
        for watcher in watchers:
            watcher.notice(sight)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()
_gone_by_hub: WeakKeyDictionary[Hub, bool] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop, made at first use."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(listener=listener())
    return _hubs[loop]


def last_seen(topic: Topic) -> object:
    """Return what the streams of this process saw last of a topic: equal until something changes; None: none watches.

    Asked for in threads while the event loop lets streams come and go: a list of a set is made in one step.
    """
    watchers = (watcher for one in list(_hubs.values()) for watcher in list(one.watchers))
    return next((watcher.seen for watcher in watchers if watcher.topic == topic and not watcher.is_over), None)


def are_workers_gone() -> bool:
    """Return whether no worker is there: none has a row, or those watched stood still for 30 s."""
    return any(_gone_by_hub.values()) or not Lane.objects.hosts().exists()


async def events(watched: Hub, topic: Topic, session: str, *, ping_s: float = PING_S) -> AsyncIterator[bytes]:
    """Yield the events of a stream: `changed` at each news (the first at once), `over` at the end, else pings."""
    watcher = watched.join(topic, session)
    try:
        while True:
            try:
                await asyncio.wait_for(watcher.news.wait(), ping_s)
            except TimeoutError:
                yield PING
                continue
            watcher.news.clear()
            if watcher.is_gone:
                return
            yield OVER if watcher.is_over else CHANGED
            if watcher.is_over:
                return
    finally:
        watched.leave(watcher)


async def stream_of(topic: Topic, session: str) -> StreamingHttpResponse:
    """Return the answer that streams the news of a topic. The request's own connections are given back first."""
    await sync_to_async(connections.close_all)()
    return StreamingHttpResponse(
        events(hub(), topic, session),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
