"""Streamed chat completions: what the chunks of different endpoints come to."""

from typing import Any

import orjson
import pytest

from runs.exchange import CallFailed, Completion
from runs.runners.chat_stream import DONE, ChatStream
from runs.runners.event_stream import Event

FINAL = Event("", DONE)


def chunk(delta: dict[str, Any] | None = None, *, finish: str | None = None, index: Any = 0, **fields: Any) -> Event:
    """Return the event of a chunk with one choice."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return Event("", orjson.dumps({"object": "chat.completion.chunk", "choices": [choice], **fields}))


def raw(data: str, name: str = "") -> Event:
    """Return an event as it stands."""
    return Event(name, data.encode())


def words(*texts: str) -> list[Event]:
    """Return a chunk for each text."""
    return [chunk({"content": text}) for text in texts]


def stream_of(*events: Event) -> ChatStream:
    """Return what has taken these events."""
    stream = ChatStream()
    for event in events:
        stream.take(event)
    return stream


def whole(*events: Event) -> Completion:
    """Return the completion of a whole stream."""
    return stream_of(*events).whole()


def tool(delta: dict[str, Any]) -> Event:
    """Return a chunk with a delta of one call of a tool."""
    return chunk({"tool_calls": [delta]})


def test_whole_stream_is_its_text_reason_and_usage() -> None:
    usage = raw('{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}')

    found = whole(chunk({"role": "assistant", "content": ""}), *words("A", ": 4"), chunk(finish="stop"), usage, FINAL)

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("A: 4", "ok", 7, 3)
    assert found.message == {"role": "assistant", "parts": [{"type": "text", "text": "A: 4"}]}


def test_whole_stream_without_usage_has_no_counts() -> None:
    found = whole(*words("4"), chunk(finish="stop"), FINAL)

    assert (found.tokens_in, found.tokens_out) == (None, None)


def test_usage_in_every_chunk_is_the_last_one() -> None:
    found = whole(
        chunk({"content": "4"}, usage={"prompt_tokens": 7, "completion_tokens": 1}),
        chunk(finish="stop", usage={"prompt_tokens": 7, "completion_tokens": 2}),
        chunk(usage=None),
    )

    assert found.tokens_out == 2


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        (chunk(finish="length"), "truncated"),
        (chunk(finish="content_filter"), "refused"),
        (chunk({"content": "!"}, finish="stop"), "ok"),
    ],
)
def test_reason_of_the_last_chunk_decides_the_outcome(last: Event, outcome: str) -> None:
    assert whole(*words("4"), last, FINAL).outcome == outcome


def test_refusal_in_deltas_is_refused_with_its_words() -> None:
    found = whole(chunk({"refusal": "I "}), chunk({"refusal": "won't"}), chunk(finish="stop"), FINAL)

    assert (found.text, found.outcome, found.detail) == ("", "refused", "I won't")


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_in_deltas_is_kept_beside_the_text(name: str) -> None:
    found = whole(chunk({name: "2 and "}), chunk({name: "2", "content": None}), *words("4"), chunk(finish="stop"))

    assert (found.text, found.message["reasoning"]) == ("4", "2 and 2")


def test_content_in_parts_is_their_text() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "4"}]

    assert whole(chunk({"content": parts}), chunk(finish="stop")).text == "4"


def test_tool_calls_in_deltas_are_put_together() -> None:
    found = whole(
        tool({"index": 0, "id": "c1", "type": "function", "function": {"name": "add", "arguments": ""}}),
        tool({"index": 0, "function": {"arguments": '{"a": '}}),
        tool({"index": 1, "id": "c2", "function": {"name": "add", "arguments": "{}"}}),
        tool({"index": 0, "function": {"arguments": "1}"}}),
        chunk(finish="tool_calls"),
        FINAL,
    )

    assert found.message["tool_calls"] == [
        {"id": "c1", "name": "add", "arguments": '{"a": 1}'},
        {"id": "c2", "name": "add", "arguments": "{}"},
    ]
    assert (found.text, found.outcome) == ("", "ok")


@pytest.mark.parametrize("index", [{}, {"index": 0}, {"index": None}])
def test_tool_calls_that_share_an_index_are_told_apart_by_their_ids(index: dict[str, Any]) -> None:
    found = whole(
        tool({**index, "id": "c1", "function": {"name": "add", "arguments": "{}"}}),
        tool({**index, "id": "c2", "function": {"name": "sub", "arguments": {"a": 1}}}),
        chunk(finish="stop"),
    )

    assert [call["name"] for call in found.message["tool_calls"]] == ["add", "sub"]
    assert found.message["tool_calls"][1]["arguments"] == '{"a":1}'


def test_tool_call_whose_name_and_id_come_with_each_delta_has_them_once() -> None:
    delta = {"index": 0, "id": "c1", "function": {"name": "add", "arguments": "1"}}

    found = whole(tool(delta), tool(delta), chunk(finish="stop"))

    assert found.message["tool_calls"] == [{"id": "c1", "name": "add", "arguments": "11"}]


def test_choices_are_kept_apart_and_the_first_index_is_the_answer() -> None:
    found = whole(
        chunk({"content": "five"}, index=1),
        chunk({"content": "four"}, index=0),
        chunk({"content": "!"}, index=1),
        chunk(finish="stop", index=1),
        chunk(finish="stop", index=0),
        FINAL,
    )

    assert found.text == "four"
    assert [choice["parts"][0]["text"] for choice in found.message["other_choices"]] == ["five!"]


def test_character_that_is_cut_between_its_surrogates_is_whole_again() -> None:
    halves = [r'{"choices": [{"delta": {"content": "a\ud83d"}}]}', r'{"choices": [{"delta": {"content": "\ude00b"}}]}']

    assert whole(*map(raw, halves), FINAL).text == "a😀b"


def test_lone_surrogate_is_replaced() -> None:
    assert whole(raw(r'{"choices": [{"delta": {"content": "é\ud83d"}}]}'), FINAL).text == "é\ufffd"


def test_whole_without_the_final_mark_but_with_a_reason_is_whole() -> None:
    assert whole(*words("4"), chunk(finish="stop")).text == "4"


def test_whole_with_the_final_mark_but_without_a_reason_is_whole() -> None:
    assert whole(*words("4"), FINAL).outcome == "ok"


@pytest.mark.parametrize(
    ("events", "detail"),
    [
        (words("4"), "the stream ended before the answer did"),
        ([*words("4"), chunk(finish="stop", index=0), chunk({"content": "5"}, index=1)], "ended before"),
        ([FINAL], "the answer holds no choices"),
        ([], "the answer holds no choices"),
    ],
)
def test_whole_of_a_stream_that_broke_off_is_invalid(events: list[Event], detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        whole(*events)

    assert (caught.value.outcome, caught.value.status, caught.value.is_retriable) == ("invalid_output", 200, True)


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        (raw('{"error": {"message": "overloaded", "code": 503}}'), "an error in the stream: 503: overloaded"),
        (raw('{"message": "boom"}', name="error"), "an error in the stream: boom"),
        (raw('{"error": "boom"}'), "an error in the stream: boom"),
        (raw("no JSON"), "an event of the stream is no JSON object"),
        (raw("[1]"), "an event of the stream is no JSON object"),
    ],
)
def test_take_of_an_error_fails_and_keeps_what_had_come(event: Event, detail: str) -> None:
    stream = stream_of(*words("half"))

    with pytest.raises(CallFailed) as caught:
        stream.take(event)

    so_far = stream.so_far()
    assert (caught.value.outcome, caught.value.detail) == ("invalid_output", detail)
    assert so_far is not None
    assert so_far.text == "half"


@pytest.mark.parametrize(
    "event", [raw('{"choices": null}'), raw('{"choices": ["x", {"delta": 3}]}'), chunk({"content": 5}), chunk()]
)
def test_take_of_odd_chunks_adds_nothing(event: Event) -> None:
    assert not stream_of(event).is_begun


@pytest.mark.parametrize(
    "delta", [{"content": "4"}, {"reasoning": "hm"}, {"refusal": "no"}, {"tool_calls": [{"index": 0, "id": "c1"}]}]
)
def test_answer_begins_with_its_first_word_of_any_kind(delta: dict[str, Any]) -> None:
    stream = stream_of(chunk({"role": "assistant", "content": ""}))

    assert (stream.is_begun, stream.so_far()) == (False, None)
    stream.take(chunk({"role": "assistant", **delta}))
    assert stream.is_begun
