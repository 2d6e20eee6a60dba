"""The watcher: a thread in every `up` and `worker` main process that notices the dead and wakes who is needed.

No time stamps of two clocks are compared: a lane is dead when its beat stood still for 10 s of this process's
own monotonic clock, or at once when its process on this host is gone.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models import Exists, F, OuterRef

from experiments.actions.bulk_edits import wake_bulk_edit
from experiments.actions.imports import wake_import
from experiments.models import BulkEdit, DataImport
from experiments.wording import counted
from runs.actions.due import wake_due
from runs.actions.preparing import wake_preparation
from runs.lanes.finishing import finish_if_done
from runs.lanes.late_answers import book_late_answers
from runs.lanes.takeover import adopt_orphans, bury
from runs.models import DueTask, Lane, LaneKind, Preparation, Run, WorkUnit

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
BOOK_EVERY_S = 30.0
MOST_BETWEEN_LOOKS_S = 2.0
DEAD_AFTER_S = 10.0
HUNG_AFTER_S = 10.0
STARTS_WITHIN_S = 60.0
AGAIN_AFTER_S = 60.0
ENDS_WITHIN_S = 2.0
CUT_OFF_AFTER = 2  # failed looks: one may fail because the database was only busy
SILENT_AFTER_S = 2.0


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Beating(Protocol):
    """A row that counts while somebody works."""

    pk: int
    beat: int


B = TypeVar("B", bound=Beating)


class QueueHere(Protocol):
    """The queue's processes of this host; moments are those of the machine's monotonic clock."""

    def started_at(self) -> float:
        """Return when their first process was started last."""

    def echoed_at(self) -> float:
        """Return when they last came round."""

    def restart(self) -> None:
        """Have them started anew; called in the watcher's thread."""


@dataclass(slots=True)
class BeatWatch:
    """When each beat was last seen to move, by this process's own clock."""

    clock: Callable[[], float] = time.monotonic
    _seen: dict[int, tuple[int, float]] = field(default_factory=dict)

    def still(self, rows: Iterable[B], for_s: float) -> list[B]:
        """Return the rows whose beat has stood still for `for_s` seconds or longer."""
        looked_at = list(rows)
        ages_s = self.ages_s(looked_at)
        return [row for row in looked_at if ages_s[row.pk] >= for_s]

    def ages_s(self, rows: Iterable[Beating]) -> dict[int, float]:
        """Return for how many seconds each beat has been seen to stand still, by the row's primary key."""
        now, seen = self.clock(), {}
        for row in rows:
            beat, since = self._seen.get(row.pk, (None, now))
            seen[row.pk] = (row.beat, since if beat == row.beat else now)
        self._seen = seen
        return {pk: now - since for pk, (_, since) in seen.items()}

    def forget(self) -> None:
        """Begin anew: after a failed read nobody knows who stood still."""
        self._seen = {}


def bury_the_dead(watch: BeatWatch, *, but: Lane) -> None:
    """Bury every lane and host whose process on this machine is gone, or whose beat stands still."""
    rows = list(Lane.objects.exclude(pk=but.pk))
    gone = [row for row in rows if row.host == but.host and not is_alive(row.pid)]
    for row in {row.pk: row for row in [*gone, *watch.still(rows, DEAD_AFTER_S)]}.values():
        freed = bury(row)
        fields = {"lane": row.pk, "kind": row.kind, "host": row.host, "units": freed}
        logger.warning("%s is dead: %s free again", row, counted(freed, "unit"), extra=fields)


class Watcher:
    """Beats for its host while the queue comes round, buries dead lanes, has forgotten jobs done again."""

    def __init__(
        self, *, queue: QueueHere, lanes: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`lanes` is how many lanes this host may have; None: as the settings say."""
        self._queue, self._clock = queue, clock
        self._lanes = settings.LANES if lanes is None else lanes
        self._host = socket.gethostname()
        self._row: Lane | None = None
        self._watch, self._preparing = BeatWatch(clock), BeatWatch(clock)
        self._importing, self._editing = BeatWatch(clock), BeatWatch(clock)
        self._stop, self._told_at = threading.Event(), 0.0
        self._failed_looks = 0
        self._look_began_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._looked_at, self._silent_s, self._news = clock(), 0.0, (0.0, 0.0)
        self._due: dict[int, float] = {}
        self._booked_at = float("-inf")

    def start(self) -> None:
        """Begin to watch, in a thread of its own."""
        self._thread.start()

    def stop_soon(self) -> None:
        """Have the thread end and take this host's row out."""
        self._told_at = self._told_at or time.monotonic()
        self._stop.set()

    def stop(self) -> None:
        """Wait for that, at most 2 s since it was told: a thread that waits for its database ends with its process."""
        self.stop_soon()
        self._thread.join(timeout=max(0.0, self._told_at + ENDS_WITHIN_S - time.monotonic()))

    def is_cut_off(self) -> bool:
        """Return whether the database does not answer: the last looks failed, or one waits for it."""
        is_silent = self._look_began_at is not None and time.monotonic() - self._look_began_at > SILENT_AFTER_S
        return is_silent or self._failed_looks >= CUT_OFF_AFTER

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self._look_began_at = time.monotonic()
            try:
                self.look()
                self._failed_looks = 0
            except DatabaseError as error:
                self._failed_looks += 1
                logger.warning("the watcher cannot read the database: %s", error)
                self._watch.forget()
                self._preparing.forget()
                self._importing.forget()
                self._editing.forget()
                connection.close()
            except Exception:
                logger.exception("the watcher failed once")
            finally:
                self._look_began_at = None
        if self._row is not None:
            Lane.objects.filter(pk=self._row.pk).delete()
        connections.close_all()

    def look(self) -> None:
        """Look once: beat, bury, finish, wake."""
        host = self._host_row()
        self._look_after_queue(host)
        bury_the_dead(self._watch, but=host)
        Lane.objects.jobs().filter(host=self._host).update(beat=F("beat") + 1)
        adopt_orphans()
        self._finish_forgotten()
        self._prepare_forgotten()
        self._import_forgotten()
        self._do_forgotten()
        self._edit_forgotten()
        self._book_late()

    def _host_row(self) -> Lane:
        if self._row is None:
            Lane.objects.jobs().filter(host=self._host).delete()  # of the queue that was here before
        if self._row is None or not Lane.objects.filter(pk=self._row.pk).exists():
            self._row = Lane.objects.create(kind=LaneKind.HOST, host=self._host, pid=os.getpid())
        return self._row

    def _look_after_queue(self, host: Lane) -> None:
        """Beat while the queue comes round; have it started anew when it stands still although a worker is free."""
        self._count_silence()
        if self._silent_s >= HUNG_AFTER_S and self._all_work():
            self._silent_s = 0.0
        if self._comes_round and self._silent_s < HUNG_AFTER_S:
            Lane.objects.beat_once(host.pk)
        if self._silent_s >= (HUNG_AFTER_S if self._comes_round else STARTS_WITHIN_S):
            logger.error("the queue has not come round for %.0f s: its processes are started anew", self._silent_s)
            self._silent_s = 0.0
            self._queue.restart()

    @property
    def _comes_round(self) -> bool:
        """Whether the queue has come round since it was started."""
        return self._queue.echoed_at() > self._queue.started_at()

    def _count_silence(self) -> None:
        """Count for how long nothing was heard of the queue, by looks: while this process waits, so does the queue."""
        now, news = self._clock(), (self._queue.echoed_at(), self._queue.started_at())
        between_s = min(now - self._looked_at, MOST_BETWEEN_LOOKS_S)
        self._silent_s = self._silent_s + between_s if news == self._news else 0.0
        self._looked_at, self._news = now, news

    def _all_work(self) -> bool:
        """Return whether every worker of this host has its task, so that none is free for a ping."""
        at_work = Lane.objects.filter(host=self._host, is_foreground=False).exclude(kind=LaneKind.HOST).count()
        return at_work > self._lanes

    def _finish_forgotten(self) -> None:
        """Complete runs whose last unit was done just before their lane died."""
        open_units = WorkUnit.objects.open().counting().filter(run=OuterRef("pk"))
        units = WorkUnit.objects.filter(run=OuterRef("pk"))
        for run_id in Run.objects.runnable().filter(Exists(units), ~Exists(open_units)).values_list("pk", flat=True):
            finish_if_done(run_id)

    def _prepare_forgotten(self) -> None:
        """Have preparations of the workers taken over whose process was killed, or whose task was lost."""
        for preparation in self._preparing.still(Preparation.objects.filter(owner=""), DEAD_AFTER_S):
            preparation.hold()  # one task each 10 s, not one each second
            wake_preparation(preparation.pk)

    def _import_forgotten(self) -> None:
        """Have imports taken over whose process was killed, or whose task was lost."""
        for data_import in self._importing.still(DataImport.objects.unfinished(), DEAD_AFTER_S):
            DataImport.objects.filter(pk=data_import.pk).update(beat=F("beat") + 1)  # one task each 10 s
            wake_import(data_import.pk)

    def _edit_forgotten(self) -> None:
        """Have bulk edits taken over whose process was killed, or whose task was lost."""
        for bulk in self._editing.still(BulkEdit.objects.running(), DEAD_AFTER_S):
            BulkEdit.objects.filter(pk=bulk.pk).update(beat=F("beat") + 1)  # one task each 10 s
            wake_bulk_edit(bulk.pk)

    def _book_late(self) -> None:
        """Now and then book what this machine's dead lanes were answered in vain."""
        if self._clock() - self._booked_at >= BOOK_EVERY_S:
            self._booked_at = self._clock()
            if count := book_late_answers(settings.JOURNAL_DIR):
                logger.warning("%s came in vain: others made the calls again; booked", counted(count, "answer"))

    def _do_forgotten(self) -> None:
        """Have done what is due and waits for long: its task was lost, its process killed, or it raised an error."""
        now = self._clock()
        waiting = {due.pk: due for due in DueTask.objects.waiting()}
        self._due = {pk: self._due.get(pk, now + due.wait_s) for pk, due in waiting.items()}
        for due in [due for pk, due in waiting.items() if now >= self._due[pk]]:
            self._due[due.pk] = now + max(due.wait_s, AGAIN_AFTER_S)
            wake_due(due)
