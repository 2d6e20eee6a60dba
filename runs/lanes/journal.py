"""Answers on this machine's disk until the database has them: what was paid for outlives a process that is killed.

A lane puts each accepted answer into memory that is a file, at the moment it has come, and forgets it once it is
stored. What a process has put there is there after its SIGKILL; who claims the unit next on this machine goes on from
the answer and calls nobody. On another machine it is not found: the call is made again, and the answer here is one
that was paid for in vain (`late_answers`). So that it can be told from one that was stored, the time of its rows is
written before they are.
"""

import fcntl
import logging
import mmap
import os
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from runs.calls import NotNoted, OpenCalls
from runs.exchange import Completion
from runs.execution import Attempt, Job, NotedAnswer
from runs.lanes.mapped import mapped, reserved

logger = logging.getLogger(__name__)

PAGES, FILES = "lane-*.jsonl", "lane-*"
PAGE_BYTES = 1 << 18
KEPT_S = 24 * 3600.0


@dataclass(slots=True, eq=False)
class Page:
    """One file of a journal: its answers, zeros where there is room, and behind them what was tried to be stored."""

    path: Path
    memory: mmap.mmap
    end: int = 0
    """Where the next line begins."""
    unstored: int = 0
    """Answers in it that the database does not have yet."""

    def has_room(self, size: int) -> bool:
        """Return whether a line of so many bytes fits."""
        return self.end + size <= len(self.memory)

    def put(self, line: bytes) -> None:
        """Put a line behind the others."""
        end = self.end + len(line)
        self.memory[self.end : end] = line
        self.end = end
        self.unstored += 1

    def remove(self) -> None:
        """Remove the file."""
        self.memory.close()
        self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class Journal:
    """The answers of one lane that are not stored yet. Used in the event loop only, but for `storing`."""

    folder: Path
    lane_id: int
    open_calls: OpenCalls = field(default_factory=NotNoted)
    """Where the calls are noted whose answers the disk does not take: who dies with them is booked as calling still."""
    _page: Page | None = None
    _pages: int = 0
    _noted_on: dict[Job, Page] = field(default_factory=dict)
    _unkept: dict[Job, int] = field(default_factory=dict)
    _is_silent: bool = False

    def note(self, job: Job) -> None:
        """Note the answer of a job. A disk that takes nothing costs the safety, not the run."""
        line = orjson.dumps(_line(job), default=str, option=orjson.OPT_APPEND_NEWLINE)
        try:
            page = self._page_for(len(line))
        except OSError as error:
            if not self._is_silent:
                logger.warning("answers cannot be kept in %s until they are stored: %s", self.folder, error)
            self._is_silent = True
            self._unkept[job] = self.open_calls.put(job.result_id)
            return
        self._is_silent = False
        page.put(line)
        self._noted_on[job] = page

    def storing(self, jobs: Iterable[Job]) -> None:
        """Note of what is stored next the time of its rows; called in the database thread."""
        tried: dict[tuple[Path, datetime], list[int]] = defaultdict(list)
        for job in jobs:
            page = self._noted_on.get(job)
            path = page.path if page is not None else job.noted.page if job.noted is not None else None
            if path is not None and job.recorded_at is not None:
                tried[path, job.recorded_at].append(job.result_id)
        for (path, at), ids in tried.items():
            with suppress(OSError):
                note_tried(path, ids, at)

    def forget(self, jobs: Iterable[Job]) -> None:
        """Forget the answers of jobs that are stored, or whose attempts are."""
        for job in jobs:
            page = self._noted_on.pop(job, None)
            if page is not None:
                page.unstored -= 1
                self._remove_if_done(page)
            if job in self._unkept:
                self.open_calls.clear(self._unkept.pop(job))

    def close(self) -> None:
        """Remove what is left; for a lane that has stored all it had."""
        for page in {*self._noted_on.values(), *([self._page] if self._page else [])}:
            page.remove()
        self._noted_on.clear()
        self._page = None

    def _page_for(self, size: int) -> Page:
        """Return the page that a line of so many bytes is put on."""
        former = self._page
        if former is not None and former.has_room(size):
            return former
        path = self.folder / f"lane-{self.lane_id}-{self._pages}.jsonl"
        self._page = Page(path, _begun(path, max(PAGE_BYTES, size)))
        self._pages += 1
        if former is not None:
            self._remove_if_done(former)
        return self._page

    def _remove_if_done(self, page: Page) -> None:
        if page is not self._page and not page.unstored:
            page.remove()


def _begun(path: Path, size: int) -> mmap.mmap:
    """Return a new page. It is locked until this process is gone, and nobody sees it before it is."""
    unseen = path.with_suffix(".new")
    file = reserved(unseen, size)
    lock(file)
    unseen.rename(path)
    return mapped(file, size)


def left_answers(folder: Path, run_id: int, ordinals: Collection[int]) -> dict[int, NotedAnswer]:
    """Return the answers that lanes noted and nobody stored, of these ordinals of a run."""
    found: dict[int, NotedAnswer] = {}
    for path in sorted(folder.glob(PAGES), key=_age):
        for line in lines_of(path):
            if line.get("run") == run_id and line["ordinal"] in ordinals:
                found[line["ordinal"]] = answer_in(line, path)
    return found


def note_tried(path: Path, result_ids: Collection[int], at: datetime) -> None:
    """Write that these answers of a page go to the database, with rows of this time. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, b"\n" + orjson.dumps({"tried": list(result_ids), "at": at}))
    finally:
        os.close(file)


def lock(file: int) -> bool:
    """Lock a file for as long as it is open; False when another process has, or files cannot be locked here."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(folder: Path, *, older_than_s: float = KEPT_S) -> None:
    """Remove pages and notes that were left long ago."""
    now = time.time()
    for path in folder.glob(FILES):
        if now - _age(path) > older_than_s:
            path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Return when a page was last written to; 0: it is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _line(job: Job) -> dict[str, Any]:
    return {
        "run": job.run.run_id,
        "ordinal": job.ordinal,
        "request_hash": (job.request_hash or b"").hex(),
        "completion": job.completion,
        "cost_usd": job.cost_usd,
        "latency_ms": job.latency_ms,
        "wait_ms": job.wait_ms,
        "call_count": job.call_count,
        "attempts": job.attempts,
    }


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what a page says; a line that was cut off says nothing."""
    try:
        text = path.read_bytes()
    except OSError:
        return
    for line in text.split(b"\n"):
        with suppress(orjson.JSONDecodeError):
            said = orjson.loads(line.rstrip(b"\0"))
            if isinstance(said, dict):
                yield said


def answer_in(line: dict[str, Any], path: Path) -> NotedAnswer:
    """Return the answer that a line of a page is."""
    cost_usd = line["cost_usd"]
    return NotedAnswer(
        request_hash=bytes.fromhex(line["request_hash"]),
        completion=Completion(**line["completion"]),
        cost_usd=None if cost_usd is None else Decimal(cost_usd),
        latency_ms=line["latency_ms"],
        wait_ms=line["wait_ms"],
        call_count=line["call_count"],
        attempts=[Attempt(**attempt) for attempt in line["attempts"]],
        page=path,
    )
