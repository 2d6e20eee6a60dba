"""The wire format of the Messages API: addresses, bodies, answers."""

from typing import Any

import orjson
import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.anthropic import AnthropicRunner
from runs.runners.anthropic_messages import build_body, messages_url, models_url, parse_answer
from tests.runs.fake_transport import response
from tests.wire.anthropic import CALL, message, text

URL = "https://there/v1/messages"
TOOL = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA}}


def turn(role: str, *texts: str) -> dict[str, Any]:
    """Return a message of the request."""
    return {"role": role, "parts": [{"type": "text", "text": one} for one in texts]}


def body_of(*messages: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Return the body that a request comes to."""
    request = Request("claude-small", list(messages or [turn("user", "2+2=?")]), params)
    body: dict[str, Any] = orjson.loads(build_body(request, 4096))
    return body


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("", "https://api.anthropic.com/v1/messages"),
        ("https://there", URL),
        ("https://there/", URL),
        ("https://there/v1", URL),
        ("https://there/v1/", URL),
        ("https://there/v1/messages", URL),
        ("https://there/anthropic", "https://there/anthropic/v1/messages"),
        ("https://there/own/messages", "https://there/own/messages"),
        ("https://there/v1?team=a", "https://there/v1/messages?team=a"),
    ],
)
def test_messages_url_of_any_spelling(base_url: str, url: str) -> None:
    assert messages_url(base_url) == url


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://there", "https://there/v1/models?limit=1000"),
        ("https://there?team=a", "https://there/v1/models?team=a&limit=1000"),
    ],
)
def test_models_url_asks_for_one_page(base_url: str, url: str) -> None:
    assert models_url(base_url) == url


def test_build_body_puts_system_outside_of_the_turns() -> None:
    body = body_of(
        turn("system", "Be brief."), turn("user", "2+", "2=?"), turn("assistant", "4"), turn("user", "Sure?")
    )

    assert body == {
        "model": "claude-small",
        "max_tokens": 4096,
        "system": [text("Be brief.")],
        "messages": [
            {"role": "user", "content": [text("2+"), text("2=?")]},
            {"role": "assistant", "content": [text("4")]},
            {"role": "user", "content": [text("Sure?")]},
        ],
    }


def test_build_body_leaves_empty_texts_out() -> None:
    assert body_of(turn("user", "", "x"))["messages"] == [{"role": "user", "content": [text("x")]}]


def test_build_body_without_a_question_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="system messages only"):
        body_of(turn("system", "Be brief."))


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        ({"max_tokens": 9}, {"max_tokens": 9}),
        ({"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 2000}}}, {"max_tokens": 6096}),
        ({"extra_body": {"thinking": {"type": "adaptive"}}}, {"max_tokens": 4096}),
        ({"extra_body": {"max_tokens": 7}, "max_tokens": 9}, {"max_tokens": 7}),
        ({"temperature": 0, "top_p": 0.5}, {"temperature": 0, "top_p": 0.5}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["END", "."]}, {"stop_sequences": ["END", "."]}),
        ({"reasoning_effort": "low"}, {"output_config": {"effort": "low"}}),
        ({"response_format": FORMAT}, {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
        ({"tools": [TOOL]}, {"tools": [{"name": "add", "description": "Adds.", "input_schema": {"type": "object"}}]}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ({"tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "add"}}},
            {"tool_choice": {"type": "tool", "name": "add"}},
        ),
        ({"extra_body": {"top_k": 4}}, {"top_k": 4}),
    ],
)
def test_build_body_maps_parameters(params: dict[str, Any], sent: dict[str, Any]) -> None:
    body = body_of(**params)

    assert sent.items() <= body.items()
    assert "extra_body" not in body


@pytest.mark.parametrize("params", [{"n": 1}, {"response_format": {"type": "text"}}, {"seed": None}])
def test_build_body_leaves_out_what_is_so_anyway(params: dict[str, Any]) -> None:
    assert set(body_of(**params)) == {"model", "max_tokens", "messages"}


def test_build_body_of_what_is_no_json_is_our_error() -> None:
    with pytest.raises(CallFailed) as caught:
        body_of(extra_body={"top_k": 2**70})

    assert (caught.value.outcome, caught.value.is_retriable) == ("runner_error", False)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"seed": 1}, "seed: is not taken"),
        ({"presence_penalty": 0.5}, "presence_penalty: is not taken"),
        ({"frequency_penalty": 0.5}, "frequency_penalty: is not taken"),
        ({"temperature": 1.5}, "temperature: is at most 1"),
        ({"n": 2}, "n: is 1"),
        ({"stop": ["a", "\n"]}, "stop: a text of white space"),
        ({"response_format": {"type": "json_object"}}, "response_format: write"),
        ({"tools": [{"type": "web_search"}]}, "tools: write functions"),
        ({"tool_choice": "any"}, "tool_choice: write auto"),
    ],
)
def test_check_params_names_what_the_api_has_not(params: dict[str, Any], problem: str) -> None:
    found = AnthropicRunner.check_params(params, {})

    assert "; ".join(f"{name}: {sentence}" for name, sentence in found.items()).startswith(problem)


def test_check_params_lets_the_others_through() -> None:
    given = {
        "temperature": 1,
        "top_p": 1,
        "max_tokens": 9,
        "stop": "END",
        "n": 1,
        "reasoning_effort": "low",
        "tools": [TOOL],
        "tool_choice": "auto",
        "response_format": FORMAT,
        "extra_body": {"top_k": 1},
    }

    assert AnthropicRunner.check_params(given, {}) == {}


def test_parse_answer_keeps_text_thinking_calls_and_usage() -> None:
    thinking = [
        {"type": "thinking", "thinking": "2 and 2", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
    ]
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 300, "output_tokens": 7}

    found = parse_answer(response(200, message([*thinking, text("4"), text("!"), CALL], usage=usage)), url=URL)

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("4!", "ok", 325, 7)
    assert found.cached_tokens == 300
    assert found.message == {
        "role": "assistant",
        "parts": [{"type": "text", "text": "4!"}],
        "tool_calls": [{"id": "toolu_01", "name": "add", "arguments": '{"a":1,"b":2}'}],
        "reasoning": "2 and 2",
    }


@pytest.mark.parametrize(
    ("stop_reason", "more", "outcome", "detail"),
    [
        ("end_turn", {}, "ok", ""),
        ("stop_sequence", {"stop_sequence": "END"}, "ok", ""),
        ("tool_use", {}, "ok", ""),
        ("max_tokens", {}, "truncated", "length limit"),
        ("model_context_window_exceeded", {}, "truncated", "length limit"),
        ("pause_turn", {}, "truncated", "the provider paused in the middle of its turn"),
        ("refusal", {}, "refused", "the provider declined to answer"),
        ("refusal", {"stop_details": {"explanation": "No."}}, "refused", "No."),
        ("refusal", {"stop_details": {"category": "bio", "explanation": None}}, "refused", "bio"),
    ],
)
def test_stop_reason_decides_the_outcome(stop_reason: str, more: dict[str, Any], outcome: str, detail: str) -> None:
    found = parse_answer(response(200, message([text("4")], stop_reason, **more)), url=URL)

    assert (found.outcome, found.detail, found.text) == (outcome, detail, "4")


def test_parse_answer_without_usage_has_no_counts() -> None:
    found = parse_answer(response(200, message([text("4")], usage=None)), url=URL)

    assert (found.tokens_in, found.tokens_out) == (None, None)


@pytest.mark.parametrize(
    "body", [{}, {"content": "4"}, [], b'{"content": [', {"type": "error", "error": {"message": "x"}}]
)
def test_parse_answer_of_what_is_no_message_is_invalid(body: Any) -> None:
    with pytest.raises(CallFailed) as caught:
        parse_answer(response(200, body), url=URL)

    assert (caught.value.outcome, caught.value.is_retriable) == ("invalid_output", True)
    assert caught.value.raw_response


def test_build_body_of_media_sends_their_blocks() -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image", "url": "https://x/y.png"},
        {"type": "image", "url": "data:image/png;base64,AAAA"},
        {"type": "file", "url": "data:application/pdf;base64,BBBB"},
    ]

    assert body_of({"role": "user", "parts": parts})["messages"][0]["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "BBBB"}},
    ]


def test_build_body_of_a_medium_that_the_api_does_not_take_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="a part of type audio; the API takes image, file: leave it out"):
        body_of({"role": "user", "parts": [{"type": "audio", "url": "data:audio/wav;base64,AAAA"}]})
