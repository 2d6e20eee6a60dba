"""Answers that come piece by piece, in a model's own time: whole, cut off half-way, or without an end."""

import asyncio
from collections.abc import Iterable
from itertools import chain, cycle

from runs.simulator.models import Fault
from runs.simulator.protocol import Exchange
from runs.simulator.stats import Stats

ENDLESS_GAP_S = 0.02


class PacedAnswer:
    """Sends the pieces of one answer, each a moment after the one before it."""

    def __init__(
        self, exchange: Exchange, pieces: list[bytes], *, over_s: float, fault: Fault | None, stats: Stats
    ) -> None:
        """`over_s` is the time from the first piece to the end; `stats` counts how it ends."""
        self._exchange, self._fault, self._stats = exchange, fault, stats
        self._pieces = iter(_pieces_under(fault, pieces))
        self._gap_s = ENDLESS_GAP_S if fault is Fault.ENDLESS else over_s / len(pieces)
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, kind: str) -> None:
        """Send the head and the first piece; `kind` is the media type."""
        self._exchange.on_gone = self._leave
        self._exchange.begin(kind=kind)
        self._next()

    def _next(self) -> None:
        piece = b"" if self._exchange.is_full else next(self._pieces, None)
        if piece is None:
            self._end()
            return
        if piece:
            self._exchange.send(piece)
        self._timer = asyncio.get_running_loop().call_later(self._gap_s, self._next)

    def _end(self) -> None:
        self._stats.end()
        if self._fault is Fault.CUT:
            self._exchange.drop()
        else:
            self._exchange.end()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._stats.lost()


def _pieces_under(fault: Fault | None, pieces: list[bytes]) -> Iterable[bytes]:
    """Return the pieces that are sent: up to the middle, the second one again and again, or all."""
    if fault is Fault.CUT:
        return pieces[: max(1, len(pieces) // 2)]
    return chain(pieces[:1], cycle(pieces[1:2])) if fault is Fault.ENDLESS else pieces
