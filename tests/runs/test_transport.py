"""The transport against servers on this machine that do what servers do wrong."""

import asyncio
import gc
import gzip
import socket
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from runs.exchange import CallFailed, NeedsPerson
from runs.runners.base import HttpResponse
from runs.transport import HttpTransport, connection

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CERTIFICATE = Path(__file__).with_name("tls") / "self-signed.pem"
MIB = 1 << 20
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def server(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on a free port that treats each connection with `serve`; its address."""
    ended: list[asyncio.Task[None]] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(cast(asyncio.Task[None], asyncio.current_task()))
        with suppress(OSError, EOFError):
            await serve(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    listener = await asyncio.start_server(closing, "127.0.0.1", 0, ssl=tls)
    async with listener:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1/chat/completions"
    await asyncio.gather(*ended)


def says(data: bytes) -> Serve:
    """Return a server that reads one request, writes `data` and ends the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    return serve


def resets(data: bytes = b"") -> Serve:
    """Return a server that reads one request, writes `data` and resets the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return serve


async def post(url: str, *, allow_private: bool = True, **headers: str) -> HttpResponse:
    """Send one call."""
    async with HttpTransport(allow_private=allow_private) as transport:
        return await transport.post(url, headers=headers, body=b"{}")


async def read_stream(url: str, pieces: list[bytes], *, allow_private: bool = True) -> None:
    """Send one call and add the pieces of its answer to `pieces` as they come."""
    async with (
        HttpTransport(allow_private=allow_private) as transport,
        transport.stream(url, headers={}, body=b"{}") as response,
    ):
        async for piece in response.pieces:
            pieces.append(piece)  # noqa: PERF401 - what came before an error counts


async def failure(url: str) -> CallFailed:
    """Return what a call to `url` fails with."""
    with pytest.raises(CallFailed) as caught:
        await post(url)
    return caught.value


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


async def test_post_is_answered_with_status_headers_and_body() -> None:
    async with server(says(OK + b"X-Seen: yes\r\nContent-Length: 2\r\n\r\n{}")) as url:
        answer = await post(url)

    assert (answer.status, answer.headers["x-seen"], answer.body) == (200, "yes", b"{}")


async def test_post_on_one_transport_keeps_its_connection_and_no_cookies() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(OK + b"Set-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with server(serve) as url, HttpTransport(allow_private=True) as transport:
        await transport.post(url, headers={}, body=b"{}")
        await transport.post(url, headers={}, body=b"{}")

    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 100 Continue\r\nX-Early: yes\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\n{}",
        OK + b"\r\n{}",
        b"HTTP/1.0 200 OK\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
        OK + b"Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
async def test_post_is_answered_in_every_framing(data: bytes) -> None:
    async with server(says(data)) as url:
        answer = await post(url)

    assert (answer.status, answer.body) == (200, b"{}")
    assert "x-early" not in answer.headers


async def test_post_answered_twice_is_answered_once_and_the_connection_is_not_used_again() -> None:
    connections: list[None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        await reader.readuntil(b"\r\n\r\n")
        writer.write((OK + b"Content-Length: 1\r\n\r\n%d" % len(connections)) * 2)
        await reader.read()

    async with server(serve) as url, HttpTransport(allow_private=True) as transport:
        answers = [await transport.post(url, headers={}, body=b"{}") for _ in range(2)]

    assert [answer.body for answer in answers] == [b"1", b"2"]


async def test_post_that_is_cancelled_hangs_up() -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        ended.set()

    async with server(serve) as url, HttpTransport(allow_private=True) as transport:
        call = asyncio.create_task(transport.post(url, headers={}, body=b"{}"))
        await asked.wait()
        call.cancel()
        await asyncio.wait_for(ended.wait(), 5)

    assert ended.is_set()


async def test_post_sends_one_head_with_the_headers_of_the_call_and_the_credentials_of_the_url() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(OK + b"Content-Length: 0\r\n\r\n")

    async with server(serve) as url:
        own = {"X-Own": "ä", "User-Agent": "mine", "Content-Length": "99"}
        async with HttpTransport(allow_private=True) as transport:
            await transport.post(url.replace("//", "//me:pass@") + "?a=b c", headers=own, body=b"{}")
        port = url.rsplit(":", 1)[1].partition("/")[0]

    assert heads == [
        (
            f"POST /v1/chat/completions?a=b+c HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Own: ä\r\n"
            "User-Agent: mine\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n"
            "Authorization: Basic bWU6cGFzcw==\r\nContent-Length: 2\r\n\r\n{}"
        ).encode()
    ]


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops"])
async def test_post_answered_with_any_status_is_an_answer_and_no_redirect_is_followed(status: str) -> None:
    data = f"HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".encode()

    async with server(says(data)) as url:
        answer = await post(url)

    assert answer.status == int(status[:3])


async def test_post_through_a_proxy_of_the_environment_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")

    async with server(says(OK + b"Content-Length: 0\r\n\r\n")) as url:
        answer = await post(url)

    assert answer.status == 200


async def test_get_of_a_packed_body_is_unpacked() -> None:
    packed = gzip.compress(b'{"data": []}')
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    async with server(says(head + packed)) as url, HttpTransport(allow_private=True) as transport:
        answer = await transport.get(url, headers={})

    assert answer.body == b'{"data": []}'


async def test_post_to_a_closed_port_is_unreachable_and_says_refused() -> None:
    port = closed_port()

    found = await failure(f"http://127.0.0.1:{port}/v1")

    assert (found.outcome, found.is_unreachable, found.is_retriable) == ("provider_error", True, True)
    assert not found.was_sent
    assert found.detail == f"the connection to 127.0.0.1:{port} was refused"


async def test_post_to_an_unknown_name_is_unreachable_and_says_dns() -> None:
    found = await failure("http://nowhere.invalid/v1")

    assert found.is_unreachable
    assert found.detail == "DNS: the name nowhere.invalid was not found"


@pytest.mark.parametrize("serve", [says(b""), resets()])
async def test_post_that_is_hung_up_on_is_unreachable_and_says_closed(serve: Serve) -> None:
    async with server(serve) as url:
        found = await failure(url)

    assert (found.is_unreachable, found.was_sent) == (True, True)
    assert found.detail == "the connection was closed before an answer came"


@pytest.mark.parametrize(
    "serve",
    [
        says(OK + b"Content-Length: 50\r\n\r\nhalf"),
        says(OK + b"Connection: close\r\nContent-Length: 50\r\n\r\nhalf"),
        says(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"whole")[:-9]),
        says(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhal"),
        resets(OK + b"Content-Length: 50\r\n\r\nhalf"),
        says(OK + b"Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\nno gzip"),
    ],
)
async def test_post_whose_answer_is_cut_short_is_invalid_output_and_reached(serve: Serve) -> None:
    async with server(serve) as url:
        found = await failure(url)

    assert (found.outcome, found.is_unreachable, found.is_retriable) == ("invalid_output", False, True)
    assert found.detail.startswith("the answer was cut short")


async def test_post_to_what_speaks_no_http_is_invalid_output() -> None:
    async with server(says(b"SSH-2.0-OpenSSH_9\r\n\r\n")) as url:
        found = await failure(url)

    assert (found.outcome, found.detail) == ("invalid_output", "what answered does not speak HTTP")


@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 2000\r\n\r\n" + b"x" * 2000,
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"3e8\r\n" + b"x" * 1000 + b"\r\n3e8\r\n" + b"x" * 1000 + b"\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 2000, mtime=0),
    ],
)
async def test_post_whose_answer_is_too_large_is_invalid_output(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_LIMIT", 1500)

    async with server(says(data)) as url:
        found = await failure(url)

    assert (found.outcome, found.is_unreachable) == ("invalid_output", False)
    assert "larger than" in found.detail


@pytest.fixture
def traced_memory() -> Iterator[Callable[[], int]]:
    """Give a function that returns the bytes in memory; nobody looks for cycles meanwhile, as lanes do seldom."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    gc.enable()


async def test_post_that_fails_leaves_nothing_of_the_body_in_memory(traced_memory: Callable[[], int]) -> None:
    answer = OK + b"Content-Length: %d\r\n\r\n" % (MIB + 1) + bytes(MIB)

    async with server(says(answer)) as url, HttpTransport(allow_private=True) as transport:
        before = traced_memory()
        for _ in range(4):
            with pytest.raises(CallFailed):
                await transport.post(url, headers={}, body=b"{}")
        left = traced_memory() - before

    assert left < MIB


async def test_post_whose_headers_do_not_end_is_invalid_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_LIMIT", 1500)

    async with server(says(OK + b"X-Long: " + b"x" * 2000)) as url:
        found = await failure(url)

    assert (found.outcome, found.detail) == ("invalid_output", "what answered does not speak HTTP")


async def test_post_whose_trailers_do_not_end_is_invalid_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "RECEIVED_LIMIT", 1500)

    async with server(says(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Long: " + b"x" * 2000)) as url:
        found = await failure(url)

    assert "larger than" in found.detail


async def test_post_with_tls_to_a_plain_port_says_that_the_handshake_failed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with server(serve) as url:
        found = await failure(url.replace("http:", "https:"))

    assert found.is_unreachable
    assert found.detail == "TLS: the handshake failed: wrong version number"


async def test_post_to_a_self_signed_certificate_names_the_check() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    async with server(says(OK), tls=context) as url:
        found = await failure(url)

    assert found.is_unreachable
    assert found.detail == "TLS: the certificate was not accepted: self-signed certificate"


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://user:pass@169.254.169.254/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00:ec2::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://１６９.254.169.254/",
        "http://100.100.100.200/",
    ],
)
@pytest.mark.parametrize("allow_private", [True, False])
async def test_post_to_a_metadata_address_is_refused_always(url: str, allow_private: bool) -> None:
    with pytest.raises(NeedsPerson, match="link-local or metadata address"):
        await post(url, allow_private=allow_private)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "[::1]", "[fd12::1]", "0.0.0.0", "100.64.0.1", "localhost"]
)
async def test_post_to_a_private_address_is_refused_where_they_are_forbidden(host: str) -> None:
    with pytest.raises(NeedsPerson, match="private address: EVALSITE_PRIVATE_PROVIDERS=0"):
        await post(f"http://{host}:1/v1", allow_private=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1"])
async def test_post_to_a_name_that_leads_to_a_metadata_address_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(*_: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, 80))]

    monkeypatch.setattr("runs.transport.addresses.look_up", look_up)

    with pytest.raises(NeedsPerson, match="link-local or metadata address"):
        await post("http://innocent.test/v1")


async def test_trust_of_a_url_lets_that_one_through_and_no_other() -> None:
    async with (
        server(says(OK + b"Content-Length: 0\r\n\r\n")) as url,
        HttpTransport(allow_private=False) as transport,
    ):
        transport.trust(url)
        answer = await transport.post(url, headers={}, body=b"{}")
        with pytest.raises(NeedsPerson, match="private address"):
            await transport.post(url + "/other", headers={}, body=b"{}")

    assert answer.status == 200


@pytest.mark.parametrize("url", ["there/v1?key=secret", "ftp://there/?key=secret", "http://me:secret@there:99999/v1"])
async def test_post_to_what_is_no_address_needs_a_person_and_tells_no_secret(url: str) -> None:
    with pytest.raises(NeedsPerson, match="there") as caught:
        await post(url)

    assert "secret" not in str(caught.value)


async def test_post_with_a_header_that_cannot_be_sent_needs_a_person_and_tells_no_secret() -> None:
    async with server(says(OK)) as url:
        with pytest.raises(NeedsPerson, match="cannot be called") as caught:
            await post(url, Authorization="Bearer secret\r\nX: y")

    assert "secret" not in str(caught.value)


async def test_post_outside_of_its_context_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await HttpTransport(allow_private=True).post("http://there", headers={}, body=b"")


async def test_stream_gives_status_and_headers_first_and_each_piece_as_it_comes() -> None:
    is_read = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"X-Seen: yes\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await is_read.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with (
        server(serve) as url,
        HttpTransport(allow_private=True) as transport,
        transport.stream(url, headers={}, body=b"{}") as response,
    ):
        assert (response.status, response.headers["x-seen"]) == (200, "yes")
        assert await anext(response.pieces) == b"one"
        is_read.set()
        assert [piece async for piece in response.pieces] == [b"two"]


async def test_stream_read_whole_is_the_answer_and_its_connection_is_used_again() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(b"HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        writer.write(OK + b"Content-Length: 0\r\nConnection: close\r\n\r\n")

    async with server(serve) as url, HttpTransport(allow_private=True) as transport:
        async with transport.stream(url, headers={}, body=b"{}") as response:
            whole = await response.whole()
        await transport.post(url, headers={}, body=b"{}")

    assert (whole.status, whole.body) == (429, b"{}")
    assert len(heads) == 2


async def test_stream_that_is_left_hangs_up() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await reader.read()
        ended.set()

    async with server(serve) as url, HttpTransport(allow_private=True) as transport:
        async with transport.stream(url, headers={}, body=b"{}") as response:
            await anext(response.pieces)
        await asyncio.wait_for(ended.wait(), 5)

    assert ended.is_set()


@pytest.mark.parametrize(
    "serve",
    [
        says(OK + b"Content-Length: 50\r\n\r\nhalf"),
        says(OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        resets(OK + b"Content-Length: 50\r\n\r\nhalf"),
    ],
)
async def test_stream_that_is_cut_short_is_invalid_output_after_what_had_arrived(serve: Serve) -> None:
    pieces: list[bytes] = []

    async with server(serve) as url:
        with pytest.raises(CallFailed, match="the answer was cut short") as caught:
            await read_stream(url, pieces)

    assert (caught.value.outcome, caught.value.is_unreachable, caught.value.status) == ("invalid_output", False, 200)
    assert b"".join(pieces) in (b"half", b"")  # a reset may overtake what was sent before it


async def test_stream_without_an_end_stops_at_the_limit_of_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_LIMIT", 1500)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
            await writer.drain()

    async with server(serve) as url:
        with pytest.raises(CallFailed, match="larger than"):
            await read_stream(url, [])


async def test_stream_to_a_closed_port_is_unreachable() -> None:
    with pytest.raises(CallFailed, match="was refused") as caught:
        await read_stream(f"http://127.0.0.1:{closed_port()}/v1", [])

    assert caught.value.is_unreachable


@pytest.mark.parametrize("url", ["http://169.254.169.254/v1", "http://127.0.0.1:1/v1", "ftp://there/"])
async def test_stream_to_a_forbidden_address_is_refused(url: str) -> None:
    with pytest.raises(NeedsPerson, match=r"link-local|private address|no address"):
        await read_stream(url, [], allow_private=False)
