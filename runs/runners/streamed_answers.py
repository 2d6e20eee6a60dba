"""Reading a streamed answer of any kind: when its first word came, and what had arrived when it broke off."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from runs.exchange import CallFailed, Completion, Draft
from runs.runners.base import HttpResponse, StreamedResponse
from runs.runners.chat_errors import RAW_LIMIT, raw_of
from runs.runners.event_stream import Event, events_of

END_S = 0.2
"""How long the end of a body is waited for behind the last event: a connection that is read out is used again."""
KINDS_READ_WHOLE = ("json", "html")


class Assembly(Protocol):
    """A wire format's completion in the making."""

    @property
    def is_begun(self) -> bool:
        """Whether anything of the answer has come."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether the sender has said that this was all."""
        ...

    def take(self, event: Event) -> None:
        """Read one event. Raises CallFailed."""
        ...

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        ...

    def whole(self) -> Completion:
        """Return the answer at the end of the stream. Raises CallFailed when it broke off before."""
        ...


def is_event_stream(response: StreamedResponse) -> bool:
    """Return whether an answer comes in events: errors, and what does not stream after all, come whole."""
    kind = response.headers.get("Content-Type", "").lower()
    return response.status == 200 and not any(word in kind for word in KINDS_READ_WHOLE)


class StreamedAnswer:
    """Reads one answer. What has arrived of it is in the draft while it comes."""

    def __init__(
        self,
        assembly: Assembly,
        draft: Draft,
        began_s: float,
        *,
        hide: Callable[[bytes], bytes],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`began_s` is when the call began, by `clock`; `hide` takes secrets out of what is shown of errors."""
        self._assembly, self._began_s, self._hide, self._clock = assembly, began_s, hide, clock
        self._draft = draft
        self._first_token_ms: int | None = None
        self._raw: list[bytes] = []
        self._raw_size = 0
        draft.so_far = self.so_far

    async def read(self, response: StreamedResponse) -> Completion:
        """Return the whole answer. Raises CallFailed, with the body as far as it came."""
        pieces = self._kept(response.pieces)
        try:
            async for event in events_of(pieces):
                self._take(event)
                if self._assembly.is_ended:
                    break
            completion = self._assembly.whole()
        except CallFailed as failure:
            failure.raw_response = self._raw_of(response)
            raise
        self._draft.take()  # it is whole: the request, which is kept for a while, need not hold the pieces
        if self._assembly.is_ended:
            await _read_out(response.pieces)
        return replace(completion, first_token_ms=self._first_token_ms)

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        completion = self._assembly.so_far()
        return completion and replace(completion, first_token_ms=self._first_token_ms)

    def _take(self, event: Event) -> None:
        if b"error" in event.data:
            event = event._replace(data=self._hide(event.data))
        self._assembly.take(event)
        if self._first_token_ms is None and self._assembly.is_begun:
            self._first_token_ms = round((self._clock() - self._began_s) * 1000)

    async def _kept(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the pieces, and keep as many as an error shows; twice that, for secrets at the cut."""
        async for piece in pieces:
            if self._raw_size < 2 * RAW_LIMIT:
                self._raw.append(piece)
                self._raw_size += len(piece)
            yield piece

    def _raw_of(self, response: StreamedResponse) -> str:
        return raw_of(HttpResponse(response.status, response.headers, self._hide(b"".join(self._raw))))


async def _read_out(pieces: AsyncIterator[bytes]) -> None:
    """Read a body to its end, if that is near; whatever goes wrong there no longer matters."""
    with suppress(CallFailed, TimeoutError):
        async with asyncio.timeout(END_S):
            async for _ in pieces:
                pass
