"""Downloads: a file that is made while it is sent, whatever its length."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

PIECE_CHARACTERS = 64 * 1024
LONGEST_SILENCE_S = 5.0
"""What is between the site and a browser takes a longer one for the end."""
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "yaml": "application/yaml; charset=utf-8",
    "junit": "application/xml; charset=utf-8",
}


def download(request: HttpRequest, lines: Iterable[str], *, name: str, kind: str) -> StreamingHttpResponse:
    """Return the lines as a file of one of these kinds that browsers save under this name."""
    pieces = _pieces(lines)
    body = _in_threads(pieces) if isinstance(request, ASGIRequest) else pieces
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return StreamingHttpResponse(body, content_type=TYPES[kind], headers=headers)


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """Yield the first line, so that the download begins at once, then many at once, or few where they come slowly."""
    following = iter(lines)
    yield next(following, "")
    gathered, length, sent_at = [], 0, time.monotonic()
    for line in following:
        gathered.append(line)
        length += len(line)
        if length >= PIECE_CHARACTERS or time.monotonic() - sent_at > LONGEST_SILENCE_S:
            yield "".join(gathered)
            gathered, length, sent_at = [], 0, time.monotonic()
    yield "".join(gathered)


async def _in_threads(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Yield the pieces, each made outside of the event loop."""
    while (piece := await sync_to_async(_next)(pieces)) is not None:
        yield piece


def _next(pieces: Iterator[str]) -> str | None:
    return next(pieces, None)
