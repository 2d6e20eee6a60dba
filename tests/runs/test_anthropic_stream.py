"""Streamed answers of the Messages API: what they come to, whole, cut and refused."""

from typing import Any

import pytest

from runs.exchange import CallFailed, Completion, Request
from runs.runners.anthropic import AnthropicRunner
from runs.runners.anthropic_messages import completion_of
from runs.runners.anthropic_stream import MessageStream
from runs.runners.base import Connection
from runs.runners.event_stream import EventReader
from runs.transport import HttpTransport
from tests.runs.fake_transport import FakeTransport, streamed
from tests.wire.anthropic import CALL, KEY, AnthropicApi, event, events_of, message, text
from tests.wire.server import serving

THINKING = {"type": "thinking", "thinking": "2 and 2", "signature": "s"}
MESSAGES = [
    message([text("Four.")]),
    message([THINKING, text("4"), text("!")]),
    message([text("I add."), CALL], "tool_use"),
    message([{**CALL, "input": {}}], "tool_use"),
    message([text("Fo")], "max_tokens"),
    message([], "refusal", stop_details={"explanation": "No."}),
    message([text("4é")], usage={"input_tokens": 3, "cache_read_input_tokens": 9, "output_tokens": 5}),
]


def stream_of(*pieces: bytes) -> MessageStream:
    """Return a stream that has read these bytes."""
    stream, reader = MessageStream(), EventReader()
    for one in reader.feed(b"".join(pieces)):
        stream.take(one)
    return stream


def request(**params: Any) -> Request:
    """Return a call."""
    return Request("claude-small", [{"role": "user", "parts": [{"type": "text", "text": "2+2=?"}]}], params)


@pytest.mark.parametrize("whole", MESSAGES)
def test_stream_of_a_message_comes_to_what_the_message_does(whole: dict[str, Any]) -> None:
    stream = stream_of(*events_of(whole))

    assert stream.is_ended
    assert stream.whole() == completion_of(whole)


def test_stream_has_begun_with_its_first_words() -> None:
    start, begin, *deltas = events_of(MESSAGES[0])

    assert (stream_of(start, begin).is_begun, stream_of(start, begin).so_far()) == (False, None)
    so_far = stream_of(start, begin, deltas[0]).so_far()
    assert isinstance(so_far, Completion)
    assert (so_far.text, so_far.tokens_in) == ("Fo", 12)


def test_call_that_broke_off_keeps_what_came_of_its_arguments() -> None:
    so_far = stream_of(*list(events_of(message([CALL])))[:5]).so_far()

    assert so_far is not None
    assert so_far.message["tool_calls"][0]["arguments"] == '{"a": '


def test_usage_at_the_end_goes_before_that_at_the_start() -> None:
    start, *_, end, stop = events_of(MESSAGES[0])
    more = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"input_tokens": 40, "output_tokens": 8})

    found = stream_of(start, end, more, stop).whole()

    assert (found.tokens_in, found.tokens_out) == (40, 8)


@pytest.mark.parametrize(
    ("pieces", "detail"),
    [
        ([], "the answer holds no content"),
        ([event("ping")], "the answer holds no content"),
        (list(events_of(MESSAGES[0]))[:4], "the stream ended before the answer did"),
    ],
)
def test_stream_that_broke_off_is_invalid(pieces: list[bytes], detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        stream_of(*pieces).whole()

    assert (caught.value.outcome, caught.value.is_retriable) == ("invalid_output", True)


@pytest.mark.parametrize(
    "odd",
    [
        event("content_block_delta", index=0, delta=None),
        event("content_block_delta", index="x", delta={"type": "text_delta", "text": 5}),
        event("content_block_start", index=0),
        event("message_delta", delta=[], usage="none"),
        event("of_tomorrow"),
    ],
)
def test_take_of_odd_events_adds_nothing(odd: bytes) -> None:
    assert not stream_of(odd).is_begun


@pytest.mark.parametrize(("params", "is_streamed"), [({}, True), ({"stream": False}, False)])
async def test_runner_streams_unless_the_candidate_says_no(params: dict[str, Any], is_streamed: bool) -> None:
    with serving(AnthropicApi()) as server:
        async with HttpTransport(allow_private=True) as transport:
            runner = AnthropicRunner(Connection("p", server.url, KEY, options={"stream": True}), transport)
            found = await runner.complete(request(**params))

    assert (found.text, found.tokens_in, found.tokens_out) == ("4", 12, 3)
    assert (found.first_token_ms is not None, "stream" in server.asked[0].body) == (is_streamed, is_streamed)


async def test_error_in_the_middle_keeps_what_had_come_and_tells_no_key() -> None:
    words = list(events_of(MESSAGES[0]))[:4]
    error = event("error", error={"type": "overloaded_error", "message": f"Overloaded, {KEY}"})
    asked = request(stream=True)

    with pytest.raises(CallFailed, match="an error in the stream: Overloaded") as caught:
        await AnthropicRunner(Connection("p", "", KEY), FakeTransport([streamed(*words, error)])).complete(asked)

    partial = asked.draft.take()
    assert partial is not None
    assert partial.text == "Four"
    assert KEY not in f"{caught.value} {vars(caught.value)}"
