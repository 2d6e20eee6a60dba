"""Reading HTTP/1.1 requests from a stream of bytes.

Source: RFC 9112, sections 3 (request line), 5 (fields), 6 (length of the body) and 7.1 (chunked).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 16 * 1024 * 1024
CHUNK_LINE_LIMIT = 1024
FRAMING = ("content-length", "transfer-encoding")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?")
VERSIONS = ("HTTP/1.1", "HTTP/1.0")


class BadRequest(Exception):
    """Bytes that are no request we can read; the connection ends after the answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(slots=True)
class HttpRequest:
    """One request, read whole."""

    method: str
    path: str
    """Without the query."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    is_http_1_0: bool = False

    @property
    def is_last(self) -> bool:
        """Whether the connection is to end after the answer."""
        wish = self.headers.get("connection", "").lower()
        return wish != "keep-alive" if self.is_http_1_0 else wish == "close"


class Body(Protocol):
    """Takes the bytes of one body out of a buffer."""

    def take(self, buffer: bytearray) -> bytes | None:
        """Return the body; None: more has to come. Raises BadRequest."""
        ...


class RequestReader:
    """Takes bytes as they come and gives whole requests in their order."""

    __slots__ = ("_body", "_buffer", "_request", "waits_for_consent")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._request: HttpRequest | None = None
        self._body: Body | None = None
        self.waits_for_consent = False
        """Whether the client sends its body only when it is told to go on, and has not been told."""

    def feed(self, data: bytes) -> None:
        """Add bytes."""
        self._buffer += data

    def __len__(self) -> int:
        """Return how many bytes wait to be read."""
        return len(self._buffer)

    def next(self) -> HttpRequest | None:
        """Return the next request; None: more has to come. Raises BadRequest."""
        if not self._buffer:
            return None
        request = self._request or self._read_head()
        if request is None:
            return None
        if self._body is not None:
            body = self._body.take(self._buffer)
            if body is None:
                return None
            request.body = body
        self._request = self._body = None
        self.waits_for_consent = False
        return request

    def _read_head(self) -> HttpRequest | None:
        buffer = self._buffer
        while buffer[:2] == b"\r\n":
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n")
        if end > HEAD_LIMIT or (end < 0 and len(buffer) > HEAD_LIMIT):
            raise BadRequest(431, f"the head is longer than {HEAD_LIMIT // 1024} KiB")
        if end < 0:
            return None
        request = parse_head(buffer[:end].decode("latin-1"))
        del buffer[: end + 4]
        self._request, self._body = request, _body_of(request.headers)
        self.waits_for_consent = request.headers.get("expect", "").lower() == "100-continue"
        return request


def parse_head(text: str) -> HttpRequest:
    """Return the request that a head announces, without its body. Raises BadRequest."""
    lines = text.split("\r\n")
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] not in VERSIONS:
        raise BadRequest(400, "the first line is no HTTP/1.1 request")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequest(400, "a line of the head is no header")
        name = name.lower()
        if name in headers and name in FRAMING:
            raise BadRequest(400, f"{name} is given twice")
        headers[name] = value.strip(" \t")
    return HttpRequest(parts[0], parts[1].partition("?")[0], headers, is_http_1_0=parts[2] == VERSIONS[1])


def _body_of(headers: Mapping[str, str]) -> Body | None:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise BadRequest(400, "transfer-encoding is chunked alone, and without content-length")
        return ChunkedBody()
    if length is None or length == "0":
        return None
    if not (length.isascii() and length.isdigit()):
        raise BadRequest(400, "content-length is no number")
    if len(length) > len(str(BODY_LIMIT)) or int(length) > BODY_LIMIT:
        raise _too_large()
    return SizedBody(int(length))


class SizedBody:
    """A body whose length the head tells."""

    __slots__ = ("_length",)

    def __init__(self, length: int) -> None:
        self._length = length

    def take(self, buffer: bytearray) -> bytes | None:
        """Return the body; None: more has to come."""
        if len(buffer) < self._length:
            return None
        body = bytes(buffer[: self._length])
        del buffer[: self._length]
        return body


class ChunkedBody:
    """A body that comes in chunks, each after its length."""

    __slots__ = ("_is_in_trailer", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_in_trailer = False

    def take(self, buffer: bytearray) -> bytes | None:
        """Return the body; None: more has to come. Raises BadRequest."""
        while (end := buffer.find(b"\r\n", 0, CHUNK_LINE_LIMIT)) >= 0:
            if not self._is_in_trailer:
                if not self._take_chunk(buffer, end):
                    return None
                continue
            del buffer[: end + 2]
            if end == 0:
                return b"".join(self._pieces)
        if len(buffer) >= CHUNK_LINE_LIMIT:
            raise BadRequest(400, "the length of a chunk is no number")
        return None

    def _take_chunk(self, buffer: bytearray, end: int) -> bool:
        """Move one chunk out of the buffer; False: it is not whole yet."""
        found = CHUNK_SIZE.fullmatch(buffer, 0, end)
        if found is None:
            raise BadRequest(400, "the length of a chunk is no number")
        size, start = int(found.group(1), 16), end + 2
        if self._size + size > BODY_LIMIT:
            raise _too_large()
        if size == 0:
            self._is_in_trailer = True
            del buffer[:start]
            return True
        if len(buffer) < start + size + 2:
            return False
        if buffer[start + size : start + size + 2] != b"\r\n":
            raise BadRequest(400, "a chunk is longer than it says")
        self._pieces.append(bytes(buffer[start : start + size]))
        self._size += size
        del buffer[: start + size + 2]
        return True


def _too_large() -> BadRequest:
    return BadRequest(413, f"the body is larger than {BODY_LIMIT // 1024 // 1024} MiB")
