"""The wire format of chat completions: addresses, bodies, answers."""

from typing import Any

import orjson
import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.chat_completions import build_body, chat_url, models_url, parse_answer
from tests.runs.fake_transport import completion, response

URL = "http://there/v1/chat/completions"
NO_MESSAGE = "the answer holds no message, or one whose content is no text"
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}


def user(text: str) -> dict[str, Any]:
    """Return a user's message."""
    return {"role": "user", "parts": [{"type": "text", "text": text}]}


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://there", "http://there/v1/chat/completions"),
        ("http://there/", "http://there/v1/chat/completions"),
        ("http://there:8080/v1", "http://there:8080/v1/chat/completions"),
        ("http://there/v1/", "http://there/v1/chat/completions"),
        ("http://there/v1/chat/completions", "http://there/v1/chat/completions"),
        ("http://there/chat/completions/", "http://there/v1/chat/completions"),
        ("http://there/openai/deployments/x", "http://there/openai/deployments/x/chat/completions"),
        ("http://there/v1?api-version=7", "http://there/v1/chat/completions?api-version=7"),
        ("http://there?key=7", "http://there/v1/chat/completions?key=7"),
        (" http://there/v1 ", "http://there/v1/chat/completions"),
    ],
)
def test_chat_url_of_any_form_of_base_url_is_the_endpoint(base_url: str, url: str) -> None:
    assert chat_url(base_url) == url


def test_models_url_of_a_base_url_with_query_keeps_it() -> None:
    assert models_url("http://there/v1/?a=1") == "http://there/v1/models?a=1"


def test_build_body_of_text_messages_sends_plain_strings_and_parameters() -> None:
    request = Request("m", [user("hi")], {"temperature": 0, "extra_body": {"top_k": 5}})

    assert orjson.loads(build_body(request)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0,
        "top_k": 5,
    }


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        (
            [{"type": "text", "text": "a"}, {"type": "image", "url": "https://x/y.png"}],
            [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
        ),
        (
            [{"type": "audio", "url": "data:audio/mpeg;base64,AAAA"}],
            [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}],
        ),
        (
            [{"type": "file", "url": "data:application/pdf;base64,AAAA"}],
            [{"type": "file", "file": {"filename": "file.pdf", "file_data": "data:application/pdf;base64,AAAA"}}],
        ),
    ],
)
def test_build_body_of_parts_is_a_string_unless_there_is_more_than_text(parts: list[Any], content: Any) -> None:
    request = Request("m", [{"role": "user", "parts": parts}], {})

    assert orjson.loads(build_body(request))["messages"][0]["content"] == content


def test_build_body_of_what_is_no_json_fails_without_a_retry() -> None:
    with pytest.raises(CallFailed) as caught:
        build_body(Request("m", [user("x")], {"seed": 2**70}))

    assert (caught.value.outcome, caught.value.is_retriable) == ("runner_error", False)


def test_parse_answer_of_a_plain_completion_is_ok_with_its_usage() -> None:
    found = parse_answer(response(200, completion("4")), url=URL)

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("4", "ok", 7, 3)
    assert found.message == {"role": "assistant", "parts": [{"type": "text", "text": "4"}]}
    assert found.raw_response is None


@pytest.mark.parametrize(
    ("choice", "outcome", "detail", "text"),
    [
        ({"finish_reason": "length"}, "truncated", "length limit", "half"),
        ({"finish_reason": "content_filter"}, "refused", "stopped by the provider's content filter", "half"),
        ({"message": {"content": None, "refusal": "No.\x00"}}, "refused", "No.", ""),
        ({"message": {"content": None}, "finish_reason": "tool_calls"}, "ok", "", ""),
        ({"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}, "ok", "", "ab"),
        ({"message": {"content": [{"type": "thinking"}, "odd", {"type": "text", "text": None}]}}, "ok", "", ""),
        ({"message": None, "finish_reason": "length"}, "truncated", "length limit", ""),
        ({"message": {"content": "nul \x00 and more"}}, "ok", "", "nul  and more"),
    ],
)
def test_parse_answer_of_each_kind_of_choice_has_its_outcome(
    choice: dict[str, Any], outcome: str, detail: str, text: str
) -> None:
    found = parse_answer(response(200, completion("half", **choice)), url=URL)

    assert (found.outcome, found.detail, found.text) == (outcome, detail, text)


def test_parse_answer_with_tool_calls_and_reasoning_keeps_them_in_the_message() -> None:
    message = {
        "content": None,
        "reasoning_content": "hmm",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}, 5],
    }

    found = parse_answer(response(200, completion(message=message)), url=URL)

    assert found.message["tool_calls"] == [{"id": "c1", "name": "look", "arguments": '{"q": 1}'}]
    assert found.message["reasoning"] == "hmm"


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 5}}, 5),
        ({"prompt_cache_hit_tokens": 4}, 4),
        ({"prompt_tokens_details": None}, None),
    ],
)
def test_parse_answer_says_which_tokens_came_from_a_cache(usage: Any, cached: int | None) -> None:
    found = parse_answer(response(200, {**completion("4"), "usage": {"prompt_tokens": 7, **usage}}), url=URL)

    assert (found.tokens_in, found.cached_tokens) == (7, cached)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "odd",
        {},
        {"prompt_tokens": -1, "completion_tokens": True},
        {"prompt_tokens": 2**40},
        {"prompt_tokens": "7"},
    ],
)
def test_parse_answer_without_usable_usage_counts_none(usage: Any) -> None:
    found = parse_answer(response(200, {**completion("4"), "usage": usage}), url=URL)

    assert (found.tokens_in, found.tokens_out) == (None, None)


def test_parse_answer_with_a_lone_surrogate_is_read_and_cleaned() -> None:
    body = b'{"choices": [{"message": {"content": "cut \\ud83d"}, "logprobs": NaN}]}'

    assert parse_answer(response(200, body), url=URL).text == "cut ?"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"error": {"message": "overloaded", "code": 529}}, "200 with an error: 529: overloaded"),
        ({"error": "boom"}, "200 with an error: boom"),
        ({"choices": []}, "the answer holds no choices"),
        ({"choices": [None]}, "the answer holds no choices"),
        ({}, "the answer holds no choices"),
        ({"choices": [{"message": None, "finish_reason": "stop"}]}, NO_MESSAGE),
        ({"choices": [{"text": "of another API", "finish_reason": "stop"}]}, NO_MESSAGE),
        ({"choices": [{"message": {"content": {"answer": 4}}, "finish_reason": "stop"}]}, NO_MESSAGE),
        ([], "the answer is no JSON object"),
        (b'{"choices": [{"mess', "the answer is no JSON"),
        (b"", "the answer is no JSON"),
    ],
)
def test_parse_answer_of_no_completion_is_invalid_output_with_its_body(body: Any, detail: str) -> None:
    answer = response(200, body)

    with pytest.raises(CallFailed) as caught:
        parse_answer(answer, url=URL)

    assert (caught.value.outcome, caught.value.is_retriable, caught.value.detail) == ("invalid_output", True, detail)
    assert caught.value.raw_response == answer.body.decode()


@pytest.mark.parametrize(
    "answer",
    [
        response(200, b" \n<!DOCTYPE html><p>hello"),
        response(200, b"<html></html>"),
        response(200, b"hello", content_type="text/html; charset=utf-8"),
    ],
)
def test_parse_answer_of_a_web_page_needs_a_person_and_names_the_url(answer: Any) -> None:
    with pytest.raises(NeedsPerson, match=rf"{URL} answered with a web page.*/v1"):
        parse_answer(answer, url=URL)


def test_parse_answer_of_several_choices_answers_with_the_first_and_keeps_the_others() -> None:
    others = [
        {"index": 1, "message": {"content": "five"}, "finish_reason": "stop"},
        {"index": 2, "message": {"content": None, "tool_calls": [CALL]}, "finish_reason": "length"},
    ]
    body = {"choices": [completion("4")["choices"][0], *others, "no object"]}

    found = parse_answer(response(200, body), url=URL)

    assert (found.text, found.outcome) == ("4", "ok")
    assert found.message["other_choices"] == [
        {"role": "assistant", "parts": [{"type": "text", "text": "five"}]},
        {
            "role": "assistant",
            "parts": [{"type": "text", "text": ""}],
            "tool_calls": [{"id": "c1", "name": "add", "arguments": "{}"}],
            "outcome": "truncated",
            "detail": "length limit",
        },
    ]
