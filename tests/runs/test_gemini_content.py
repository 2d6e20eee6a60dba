"""The wire format of the Gemini API: addresses, bodies, answers, streams."""

from typing import Any

import orjson
import pytest

from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.event_stream import EventReader
from runs.runners.gemini import GeminiRunner
from runs.runners.gemini_content import build_body, completion_of, content_url, models_url, parse_answer, parse_models
from runs.runners.gemini_stream import ContentStream
from tests.runs.fake_transport import response
from tests.wire.gemini import CALL, content, events_of

HOST = "https://generativelanguage.googleapis.com/v1beta"
URL = f"{HOST}/models/m:generateContent"
TOOL = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object"}}}
SCHEMA = {"type": "object", "properties": {"sum": {"type": "integer"}}}
FORMAT = {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA}}
THOUGHT = {"text": "2 and 2", "thought": True}


def turn(role: str, text: str) -> dict[str, Any]:
    """Return a message of the request."""
    return {"role": role, "parts": [{"type": "text", "text": text}]}


def body_of(*messages: dict[str, Any], **params: Any) -> dict[str, Any]:
    """Return the body that a request comes to."""
    body: dict[str, Any] = orjson.loads(build_body(Request("m", list(messages or [turn("user", "2+2=?")]), params)))
    return body


@pytest.mark.parametrize(
    ("base_url", "model", "is_streamed", "url"),
    [
        ("", "m", False, URL),
        ("https://there/", "m", False, "https://there/v1beta/models/m:generateContent"),
        ("https://there/v1/models", "m", False, "https://there/v1/models/m:generateContent"),
        (
            "https://there/v1/publishers/google",
            "m",
            False,
            "https://there/v1/publishers/google/models/m:generateContent",
        ),
        ("", "models/m", True, f"{HOST}/models/m:streamGenerateContent?alt=sse"),
        ("", "tunedModels/m", False, f"{HOST}/tunedModels/m:generateContent"),
        ("", "m?n=1", False, f"{HOST}/models/m%3Fn%3D1:generateContent"),
        ("https://there?team=a", "m", True, "https://there/v1beta/models/m:streamGenerateContent?alt=sse&team=a"),
        ("https://there?team=a", "m", False, "https://there/v1beta/models/m:generateContent?team=a"),
    ],
)
def test_content_url_of_any_spelling(base_url: str, model: str, is_streamed: bool, url: str) -> None:
    assert content_url(base_url, model, is_streamed=is_streamed) == url


def test_models_url_asks_for_one_page() -> None:
    assert models_url("https://there?team=a") == "https://there/v1beta/models?team=a&pageSize=1000"


def test_build_body_puts_system_outside_and_calls_the_assistant_model() -> None:
    body = body_of(turn("system", "Be brief."), turn("user", "2+2=?"), turn("assistant", "4"), turn("user", "Sure?"))

    assert body == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "2+2=?"}]},
            {"role": "model", "parts": [{"text": "4"}]},
            {"role": "user", "parts": [{"text": "Sure?"}]},
        ],
    }


def test_build_body_of_media_sends_their_bytes() -> None:
    parts = [{"type": "text", "text": "Look"}, {"type": "image", "url": "data:image/png;base64,AAAA"}]

    assert body_of({"role": "user", "parts": parts})["contents"][0]["parts"] == [
        {"text": "Look"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
    ]


def test_build_body_of_an_image_by_its_address_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="the API fetches no image from an address: give a data URI"):
        body_of({"role": "user", "parts": [{"type": "image", "url": "https://x/y.png"}]})


def test_build_body_without_a_question_needs_a_person() -> None:
    with pytest.raises(NeedsPerson, match="system messages only"):
        body_of(turn("system", "Be brief."))


@pytest.mark.parametrize(
    ("params", "config"),
    [
        ({"temperature": 0, "top_p": 0.5, "max_tokens": 9}, {"temperature": 0, "topP": 0.5, "maxOutputTokens": 9}),
        ({"seed": 1, "n": 2, "stop": "END"}, {"seed": 1, "candidateCount": 2, "stopSequences": ["END"]}),
        ({"presence_penalty": 1, "frequency_penalty": 2}, {"presencePenalty": 1, "frequencyPenalty": 2}),
        ({"response_format": {"type": "json_object"}}, {"responseMimeType": "application/json"}),
        ({"response_format": FORMAT}, {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}),
        ({"temperature": 0, "extra_body": {"generationConfig": {"topK": 4}}}, {"temperature": 0, "topK": 4}),
        ({"temperature": 0, "extra_body": {"generationConfig": {"temperature": 1}}}, {"temperature": 1}),
    ],
)
def test_build_body_maps_parameters(params: dict[str, Any], config: dict[str, Any]) -> None:
    assert body_of(**params)["generationConfig"] == config


@pytest.mark.parametrize("params", [{"n": 1}, {"response_format": {"type": "text"}}, {"seed": None}, {"stream": True}])
def test_build_body_leaves_out_what_is_so_anyway(params: dict[str, Any]) -> None:
    assert set(body_of(**params)) == {"contents"}


@pytest.mark.parametrize(
    ("choice", "calling"),
    [
        ("auto", {"mode": "AUTO"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "add"}}, {"mode": "ANY", "allowedFunctionNames": ["add"]}),
    ],
)
def test_build_body_maps_tools(choice: Any, calling: dict[str, Any]) -> None:
    body = body_of(tools=[TOOL, {"type": "function", "function": {"name": "stop"}}], tool_choice=choice)

    declared = [{"name": "add", "description": "Adds.", "parametersJsonSchema": {"type": "object"}}, {"name": "stop"}]
    assert body["tools"] == [{"functionDeclarations": declared}]
    assert body["toolConfig"] == {"functionCallingConfig": calling}


def test_build_body_of_what_is_no_json_is_our_error() -> None:
    with pytest.raises(CallFailed) as caught:
        body_of(extra_body={"labels": 2**70})

    assert (caught.value.outcome, caught.value.is_retriable) == ("runner_error", False)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"seed": 2**40}, "seed: is from"),
        ({"n": 9}, "n: is at most 8"),
        ({"reasoning_effort": "low"}, "reasoning_effort: write what the model has for it"),
        ({"response_format": {"type": "xml"}}, "response_format: write"),
        ({"tools": [{"google_search": {}}]}, "tools: write functions"),
        ({"tool_choice": "any"}, "tool_choice: write auto"),
    ],
)
def test_check_params_names_what_the_api_has_not(params: dict[str, Any], problem: str) -> None:
    found = GeminiRunner.check_params(params, {})

    assert "; ".join(f"{name}: {sentence}" for name, sentence in found.items()).startswith(problem)


def test_check_params_lets_the_others_through() -> None:
    given = {
        **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), 1),
        "max_tokens": 9,
        "seed": -1,
        "stop": "END",
        "n": 1,
        "response_format": FORMAT,
        "stream": True,
    }

    assert GeminiRunner.check_params({**given, "tools": [TOOL], "tool_choice": "none"}, {}) == {}


def test_parse_answer_keeps_text_thoughts_calls_and_usage() -> None:
    found = parse_answer(response(200, content([THOUGHT, {"text": "4"}, CALL, {"text": "!"}])), url=URL)

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("4!", "ok", 12, 7)
    assert found.message == {
        "role": "assistant",
        "parts": [{"type": "text", "text": "4!"}],
        "tool_calls": [{"id": None, "name": "add", "arguments": '{"a":1,"b":2}'}],
        "reasoning": "2 and 2",
    }


def test_parse_answer_keeps_other_candidates_beside_the_first() -> None:
    answer = content([{"text": "4"}])
    answer["candidates"].append({"content": {"parts": [{"text": "5"}]}, "finishReason": "MAX_TOKENS", "index": 1})

    found = completion_of(answer)

    assert found.text == "4"
    assert found.message["other_choices"] == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "text": "5"}],
            "outcome": "truncated",
            "detail": "length limit",
        }
    ]


@pytest.mark.parametrize(
    ("reason", "outcome", "detail"),
    [
        ("STOP", "ok", ""),
        (None, "ok", ""),
        ("MAX_TOKENS", "truncated", "length limit"),
        ("SAFETY", "refused", "the provider stopped: SAFETY"),
        ("RECITATION", "refused", "the provider stopped: RECITATION"),
        ("PROHIBITED_CONTENT", "refused", "the provider stopped: PROHIBITED_CONTENT"),
    ],
)
def test_finish_reason_decides_the_outcome(reason: str | None, outcome: str, detail: str) -> None:
    found = completion_of(content([{"text": "4"}], reason))

    assert (found.outcome, found.detail, found.text) == (outcome, detail, "4")


def test_prompt_that_was_blocked_is_refused() -> None:
    found = completion_of({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 5}})

    assert (found.outcome, found.detail) == ("refused", "the prompt was blocked: SAFETY")
    assert (found.tokens_in, found.tokens_out) == (5, None)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "no candidates"),
        ({"candidates": []}, "no candidates"),
        ({"candidates": None, "promptFeedback": {}}, "no candidates"),
        (content([], "MALFORMED_FUNCTION_CALL"), "MALFORMED_FUNCTION_CALL"),
        (content([], "OTHER"), "the provider stopped: OTHER"),
        (b'{"candidates": [', "no JSON"),
    ],
)
def test_parse_answer_of_what_is_no_answer_is_invalid(body: Any, detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        parse_answer(response(200, body), url=URL)

    assert (caught.value.outcome, caught.value.is_retriable) == ("invalid_output", True)
    assert caught.value.raw_response


def test_answer_without_content_is_an_empty_text() -> None:
    assert completion_of({"candidates": [{"finishReason": "STOP"}]}).text == ""


def test_parse_models_keeps_those_that_generate_content() -> None:
    models = [
        {"name": "models/a", "supportedGenerationMethods": ["generateContent"]},
        {"name": "models/b", "supportedGenerationMethods": ["embedContent"]},
        {"name": "models/c"},
    ]

    assert parse_models(response(200, {"models": models}), url=URL) == ["a", "c"]


def stream_of(*pieces: bytes) -> ContentStream:
    """Return a stream that has read these bytes."""
    stream = ContentStream()
    for one in EventReader().feed(b"".join(pieces)):
        stream.take(one)
    return stream


@pytest.mark.parametrize(
    "whole",
    [
        content([{"text": "Four."}]),
        content([THOUGHT, {"text": "4é"}]),
        content([{"text": "I add."}, CALL]),
        content([{"text": "Fo"}], "MAX_TOKENS"),
        content([], "SAFETY"),
        {"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 5}},
    ],
)
def test_stream_of_an_answer_comes_to_what_the_answer_does(whole: dict[str, Any]) -> None:
    assert stream_of(*events_of(whole)).whole() == completion_of(whole)


def test_stream_has_begun_with_its_first_words() -> None:
    first, *_ = events_of(content([{"text": "Four"}]))

    so_far = stream_of(first).so_far()

    assert so_far is not None
    assert (so_far.text, stream_of().so_far()) == ("Fo", None)


@pytest.mark.parametrize("pieces", [[], list(events_of(content([{"text": "Four"}])))[:-1]])
def test_stream_that_broke_off_is_invalid(pieces: list[bytes]) -> None:
    with pytest.raises(CallFailed, match=r"no candidates|ended before the answer") as caught:
        stream_of(*pieces).whole()

    assert caught.value.outcome == "invalid_output"
