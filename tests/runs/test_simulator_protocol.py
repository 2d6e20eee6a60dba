"""The simulator's protocol on a transport without a network: order, and how much is taken in."""

import asyncio
from dataclasses import dataclass, field

import pytest

from runs.simulator.protocol import Exchange, HttpProtocol
from runs.simulator.wire import BODY_LIMIT

CALL = b"GET /%d HTTP/1.1\r\n\r\n"
LAST = b"GET /9 HTTP/1.1\r\nConnection: close\r\n\r\n"


@dataclass
class FakeConnection(asyncio.Transport):
    """Remembers what a protocol does with it."""

    written: list[bytes] = field(default_factory=list)
    is_reading: bool = True
    is_closed: bool = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        """Note it."""
        self.is_reading = False

    def resume_reading(self) -> None:
        """Note it."""
        self.is_reading = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.is_closed

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


class Connected:
    """A protocol on a fake connection, whose exchanges wait to be answered."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.open: set[HttpProtocol] = set()
        self.connection = FakeConnection()
        self.protocol = HttpProtocol(self.exchanges.append, self.open)
        self.protocol.connection_made(self.connection)

    def paths(self) -> list[str]:
        """Return what was asked for so far."""
        return [exchange.request.path for exchange in self.exchanges]


@pytest.fixture
def connected() -> Connected:
    """An open connection."""
    return Connected()


def test_request_behind_an_open_one_waits_for_its_answer(connected: Connected) -> None:
    connected.protocol.data_received(CALL % 1 + CALL % 2)
    before = connected.paths()

    connected.exchanges[0].answer(200, b"{}")

    assert (before, connected.paths()) == (["/1"], ["/1", "/2"])


def test_requests_answered_at_once_are_all_answered_without_recursion() -> None:
    answered: list[str] = []

    def answer(exchange: Exchange) -> None:
        answered.append(exchange.request.path)
        exchange.answer(200, b"{}")

    protocol = HttpProtocol(answer, set())
    protocol.connection_made(FakeConnection())
    protocol.data_received(CALL % 1 * 5000)

    assert len(answered) == 5000


def test_request_behind_the_last_one_is_not_read(connected: Connected) -> None:
    connected.protocol.data_received(LAST + CALL % 1)

    connected.exchanges[0].answer(200, b"{}")

    assert connected.connection.is_closed
    assert connected.paths() == ["/9"]


def test_connection_whose_client_reads_nothing_is_not_read_either(connected: Connected) -> None:
    connected.protocol.pause_writing()
    paused = connected.connection.is_reading

    connected.protocol.resume_writing()

    assert (paused, connected.connection.is_reading) == (False, True)


def test_connection_that_pipelines_too_much_is_read_again_after_the_answer(connected: Connected) -> None:
    connected.protocol.data_received(CALL % 1)
    connected.protocol.data_received(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BODY_LIMIT + b"x" * BODY_LIMIT)
    paused = connected.connection.is_reading

    connected.exchanges[0].answer(200, b"{}")

    assert (paused, connected.connection.is_reading) == (False, True)
    assert len(connected.exchanges[1].request.body) == BODY_LIMIT


def test_connection_that_is_lost_tells_the_open_exchange(connected: Connected) -> None:
    gone: list[str] = []
    connected.protocol.data_received(CALL % 1)
    connected.exchanges[0].on_gone = lambda: gone.append("gone")

    connected.protocol.connection_lost(None)
    connected.exchanges[0].answer(200, b"{}")

    assert gone == ["gone"]
    assert (connected.connection.written, connected.open) == ([], set())
