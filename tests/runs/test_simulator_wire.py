"""Reading HTTP requests from bytes."""

import pytest

from runs.simulator.wire import BODY_LIMIT, CHUNK_LINE_LIMIT, HEAD_LIMIT, BadRequest, HttpRequest, RequestReader

POST = b"POST /v1/x?q=1 HTTP/1.1\r\nHost: a\r\n"
SIZED = POST + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nhel\r\n002\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"
PLAIN = b"GET /healthz HTTP/1.1\r\n\r\n"


def read_all(data: bytes, piece: int) -> list[HttpRequest]:
    """Return the requests in bytes that come `piece` at a time."""
    reader, found = RequestReader(), []
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
        while request := reader.next():
            found.append(request)
    return found


@pytest.mark.parametrize("piece", [1, 2, 7, 10_000])
def test_next_of_pipelined_requests_gives_each_whole_however_they_come(piece: int) -> None:
    found = read_all(SIZED + PLAIN + b"\r\n" + CHUNKED + SIZED, piece)

    assert [(request.method, request.path, request.body) for request in found] == [
        ("POST", "/v1/x", b"hello"),
        ("GET", "/healthz", b""),
        ("POST", "/v1/x", b"hello"),
        ("POST", "/v1/x", b"hello"),
    ]


def test_next_with_headers_in_any_case_finds_them_in_lower_case() -> None:
    request = read_all(b"GET / HTTP/1.1\r\nX-ABC:  v a l \r\nx-empty:\r\n\r\n", 100)[0]

    assert request.headers == {"x-abc": "v a l", "x-empty": ""}


@pytest.mark.parametrize(
    ("head", "is_last"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\n\r\n", True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False),
    ],
)
def test_is_last_of_each_version_follows_the_connection_header(head: bytes, is_last: bool) -> None:
    assert read_all(head, 100)[0].is_last is is_last


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nname : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        (POST + b"Content-Length: five\r\n\r\n", 400),
        (POST + b"Content-Length: -5\r\n\r\n", 400),
        (POST + b"Content-Length: +5\r\n\r\n", 400),
        (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * (CHUNK_LINE_LIMIT + 1), 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", 413),
        (POST + b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT + 1), 413),
        (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"GET /" + b"x" * (HEAD_LIMIT + 1), 431),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * (HEAD_LIMIT + 1) + b"\r\n\r\n", 431),
    ],
)
def test_next_of_what_is_no_request_is_refused_with_a_status(data: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        read_all(data, 100_000)

    assert caught.value.status == status


def test_next_of_chunks_that_add_up_to_too_much_is_refused() -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"

    with pytest.raises(BadRequest) as caught:
        read_all(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17, 1 << 20)

    assert caught.value.status == 413


def test_waits_for_consent_until_the_body_has_come() -> None:
    reader = RequestReader()
    reader.feed(POST + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
    before = (reader.next(), reader.waits_for_consent)

    reader.feed(b"ok")
    request = reader.next()

    assert before == (None, True)
    assert request is not None
    assert (request.body, reader.waits_for_consent, len(reader)) == (b"ok", False, 0)
