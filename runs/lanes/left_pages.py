"""The pages of journals whose lanes are gone, read whole."""

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from runs.execution import NotedAnswer
from runs.lanes.journal import PAGES, answer_in, lines_of, lock
from runs.models.results import result_id_of


@dataclass(slots=True)
class LeftPage:
    """A page whose lane is gone."""

    path: Path
    answers: dict[int, NotedAnswer] = field(default_factory=dict)
    """By result id."""
    tried_at: dict[int, set[datetime]] = field(default_factory=lambda: defaultdict(set))
    """The times of the rows that an answer was to be stored with, by result id; whether it was, the database knows."""


def left_pages(folder: Path) -> Iterator[LeftPage]:
    """Yield the pages whose lanes are gone, each kept from others while it is looked at."""
    for path in sorted(folder.glob(PAGES)):
        with _kept(path) as is_left:
            if is_left:
                yield _read(path)


@contextmanager
def _kept(path: Path) -> Iterator[bool]:
    """Lock a page while the block runs; gives False when its lane lives, or another process looks at it."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        yield lock(file)
    finally:
        os.close(file)


def _read(path: Path) -> LeftPage:
    page = LeftPage(path)
    for line in lines_of(path):
        if "run" in line:
            page.answers[result_id_of(line["run"], line["ordinal"])] = answer_in(line, path)
        for result_id in line.get("tried", ()):
            page.tried_at[result_id].add(datetime.fromisoformat(line["at"]))
    return page
