"""Parts of pages that many people ask for at the same news: made once for all who would see the same.

Who asks while a part is being made gets the next making, together with all who ask until that one begins: what
anybody gets was read after they had asked. Only where streams watch what it shows is it kept, for half a second and as
long as they see no change: at the next news it is made anew. The template sees neither request nor person, so that
nothing of one of them can reach another; what a part shows by roles or choices belongs into its key. Who asks for the
rest of what was too much for one answer gets it of the same making.
"""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

from django.http import HttpRequest, HttpResponse

from evalsite.live_parts import LivePart, live_answer, live_part_of

TURNS = 64
KEPT_S = 0.5
REST_S = 10.0
Part = TypeVar("Part")


class SharedParts(Generic[Part]):
    """Makes what several ask for at once one time for all of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._kept: dict[Hashable, tuple[float, Part]] = {}
        """When the making began, and what came of it."""
        self._coming: dict[Hashable, tuple[Future[Part], int]] = {}
        """What has not begun to be made, and how many wait for it, by key."""
        self._turns = [Lock() for _ in range(TURNS)]

    def get(self, key: Hashable, make: Callable[[], Part]) -> Part:
        """Return the part, from a making that began after this was asked; what it raises, all who share it see."""
        part, is_first = self._join(key)
        if is_first:
            with self._turns[hash(key) % TURNS]:
                self._begin(key)
                _fill(part, make)
        return part.result()

    def kept(self, key: Hashable, make: Callable[[], Part]) -> Part:
        """Return the part that was made for this key in the last half second, else one that is made now."""
        begun_s = self._clock()
        if (kept := self._kept.get(key)) and begun_s - kept[0] < KEPT_S:
            return kept[1]
        part = self.get(key, make)
        with self._lock:
            others = self._kept.items()
            self._kept = {one: old for one, old in others if begun_s - old[0] < KEPT_S} | {key: (begun_s, part)}
        return part

    def waiting(self, key: Hashable) -> int:
        """Return how many wait for the next making."""
        with self._lock:
            return self._coming[key][1] if key in self._coming else 0

    def _join(self, key: Hashable) -> tuple[Future[Part], bool]:
        with self._lock:
            part, count = self._coming.get(key) or (Future(), 0)
            self._coming[key] = part, count + 1
            return part, not count

    def _begin(self, key: Hashable) -> None:
        with self._lock:
            del self._coming[key]


class LastParts(Generic[Part]):
    """Keeps what was made last of each part for a while, for those who have not been sent all of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._noted: dict[Hashable, tuple[float, Part]] = {}

    def note(self, key: Hashable, part: Part) -> Part:
        """Keep a part for ten seconds, unless another is made by then; returns it."""
        now_s = self._clock()
        with self._lock:
            young = {one: noted for one, noted in self._noted.items() if now_s - noted[0] < REST_S}
            self._noted = young | {key: (now_s, part)}
        return part

    def get(self, key: Hashable) -> Part | None:
        """Return what was made last; None: nothing in the last ten seconds."""
        at_s, part = self._noted.get(key, (0.0, None))
        return part if self._clock() - at_s < REST_S else None


def _fill(part: Future[Part], make: Callable[[], Part]) -> None:
    try:
        part.set_result(make())
    except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
        part.set_exception(error)


_parts: SharedParts[LivePart] = SharedParts()
_last: LastParts[LivePart] = LastParts()


def shared_part(
    request: HttpRequest,
    template: str,
    key: tuple[Hashable, ...],
    context: Callable[[], dict[str, object]],
    *,
    seen: Hashable = None,
) -> HttpResponse:
    """Answer with a live part made from a template, for all who ask with the same key; `context` reads all it shows.

    `seen` is what streams saw last of what it shows: with it the part is kept. None: no stream watches.
    """
    name = (template, *key)
    if request.headers.get("Live-From") and (part := _last.get(name)):
        return live_answer(request, part)
    get = _parts.get if seen is None else _parts.kept
    made = get((seen, *name), lambda: live_part_of(template, context()))
    return live_answer(request, _last.note(name, made))
