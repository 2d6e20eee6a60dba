"""Reading server-sent events, whatever places the network cuts them at."""

from collections.abc import AsyncIterator

import pytest

from runs.runners.event_stream import Event, EventReader, events_of

BODY = (
    "\ufeffdata: one\n\n"
    ": a comment\n"
    "event: named\r\ndata: zwei é€😀\r\ndata:  three\r\nid: 7\r\nretry: 10\r\n\r\n"
    "data\rdata:\r\r"
    "event: without data\n\n"
    'data: {"a": "b: c"}\n\n'
    "data: [DONE]"
).encode()
EVENTS = [
    Event("", b"one"),
    Event("named", "zwei é€😀\n three".encode()),
    Event("", b"\n"),
    Event("", b'{"a": "b: c"}'),
    Event("", b"[DONE]"),
]


def read(pieces: list[bytes]) -> list[Event]:
    """Return the events of a stream that comes in these pieces."""
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + reader.finish()


def test_feed_of_the_whole_stream_gives_its_events_in_order() -> None:
    assert read([BODY]) == EVENTS


@pytest.mark.parametrize("cut", range(1, len(BODY)))
def test_feed_of_two_pieces_cut_anywhere_gives_the_same(cut: int) -> None:
    assert read([BODY[:cut], BODY[cut:]]) == EVENTS


@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_feed_of_pieces_of_a_few_bytes_gives_the_same(length: int) -> None:
    assert read([BODY[start : start + length] for start in range(0, len(BODY), length)]) == EVENTS


def test_feed_with_empty_pieces_between_the_halves_of_a_line_end_gives_one_line_end() -> None:
    assert read([b"data: a\r", b"", b"\ndata: b\n\n"]) == [Event("", b"a\nb")]


def test_feed_gives_an_event_as_soon_as_its_blank_line_begins() -> None:
    reader = EventReader()

    assert reader.feed(b"data: a\r\n") == []
    assert reader.feed(b"\r") == [Event("", b"a")]
    assert reader.feed(b"\n") == []


def test_feed_of_comments_and_unknown_fields_gives_nothing() -> None:
    assert read([b": OPENROUTER PROCESSING\n\nfoo: bar\n\n:\n\n"]) == []


def test_feed_of_bytes_that_are_no_utf8_keeps_them() -> None:
    assert read([b"data: \xff\xfe\n\n"]) == [Event("", b"\xff\xfe")]


def test_finish_gives_the_last_event_without_its_blank_line_once() -> None:
    reader = EventReader()
    reader.feed(b"data: a\nda")

    assert reader.finish() == [Event("", b"a")]
    assert reader.finish() == []


async def test_events_of_a_body_in_pieces_are_all_its_events() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield BODY[:9]
        yield BODY[9:]

    assert [event async for event in events_of(pieces())] == EVENTS
