"""The runner for any JSON over HTTP: what templates send and paths find, at an agent with a format of its own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from experiments.options import OptionError
from runs.exchange import CallFailed, NeedsPerson, Request
from runs.runners.base import Connection
from runs.runners.http import HttpOptions, HttpRunner
from runs.transport import HttpTransport
from tests.runs.fake_transport import FakeTransport, response, streamed
from tests.wire.agent import KEY, MODELS, OPTIONS, AgentApi
from tests.wire.server import WireServer, serving

NASTY = 'a "quoted" \\ line\nand {{ prompt }} ü'


@pytest.fixture
def server() -> Iterator[WireServer]:
    """The agent."""
    with serving(AgentApi()) as running:
        yield running


@pytest.fixture
async def runner(server: WireServer) -> AsyncIterator[HttpRunner]:
    """A runner that asks it."""
    async with HttpTransport(allow_private=True) as transport:
        yield HttpRunner(Connection("p", server.url, KEY, options=OPTIONS), transport)


def asked(model: str = "swift", text: str = "2+2=?", **params: Any) -> Request:
    """Return a call with a message of the system."""
    roles = {"system": "Numbers only.", "user": text}
    messages = [{"role": role, "parts": [{"type": "text", "text": words}]} for role, words in roles.items()]
    return Request(model, messages, params, item_key="sum-1", sample=2)


async def sent_by(request: Request, **options: Any) -> Any:
    """Return the call that a request comes to."""
    transport = FakeTransport([response(200, {"text": "4"})])
    await HttpRunner(Connection("p", "http://there/v2/", "a key", {"X-Team": "evals"}, options), transport).complete(
        request
    )
    return transport.calls[0]


async def answered(answer: Any, **options: Any) -> Any:
    """Return what an answer comes to."""
    return await HttpRunner(Connection("p", "http://there", options=options), FakeTransport([answer])).complete(asked())


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_complete_answers_with_usage(runner: HttpRunner, server: WireServer, is_streamed: bool) -> None:
    found = await runner.complete(asked(text="7+8=?", temperature=0.5, stream=is_streamed))

    assert (found.text, found.outcome, found.tokens_in, found.tokens_out) == ("15", "ok", 12, 3)
    assert (found.first_token_ms is not None) == is_streamed
    sent = server.asked[0]
    assert (sent.path, sent.headers["x-session"], sent.headers["x-agent-key"]) == ("/agents/swift/ask", "sum-1-2", KEY)
    assert sent.body == {
        "question": "Q: 7+8=?",
        "rules": ["Numbers only."],
        "turns": [{"role": "system", "content": "Numbers only."}, {"role": "user", "content": "7+8=?"}],
        "settings": {"heat": 0.5, "tries": 1},
    }


async def test_parameter_that_is_not_given_is_left_out(runner: HttpRunner, server: WireServer) -> None:
    await runner.complete(asked())

    assert server.asked[0].body["settings"] == {"tries": 1}


@pytest.mark.parametrize(
    ("model", "text", "outcome", "detail"),
    [("wordy", "Well, 4", "truncated", "length limit"), ("strict", "", "refused", "not for me")],
)
async def test_paths_decide_the_outcome(runner: HttpRunner, model: str, text: str, outcome: str, detail: str) -> None:
    found = await runner.complete(asked(model))

    assert (found.text, found.outcome, found.detail) == (text, outcome, detail)


async def test_complete_of_an_unknown_model_names_those_there_are(runner: HttpRunner) -> None:
    with pytest.raises(NeedsPerson, match=f'"nobody" is unknown .*There are: {", ".join(MODELS)}'):
        await runner.complete(asked("nobody"))


async def test_models_are_found_by_their_path(runner: HttpRunner) -> None:
    assert await runner.models() == MODELS


async def test_provider_without_options_sends_model_and_messages() -> None:
    call = await sent_by(asked())

    assert (call.method, call.url) == ("POST", "http://there/v2")
    assert call.headers == {"Content-Type": "application/json", "X-Team": "evals", "Authorization": "Bearer a key"}
    assert set(call.body) == {"model", "messages"}
    assert await HttpRunner(Connection("p", "http://there"), FakeTransport([])).models() == []


async def test_values_stay_in_their_place_whatever_they_hold() -> None:
    body = {"text": "<{{ prompt }}>", "whole": "{{ prompt }}"}

    call = await sent_by(asked(text=NASTY), body=body, path="/{{ model }}?q={{ prompt }}#x")

    assert call.body == {"text": f"<{NASTY}>", "whole": NASTY}
    assert call.url == (
        "http://there/v2/swift?q=a%20%22quoted%22%20%5C%20line%0Aand%20%7B%7B%20prompt%20%7D%7D%20%C3%BC#x"
    )


async def test_model_that_looks_like_a_path_stays_one_part_of_it() -> None:
    call = await sent_by(asked("../../admin?x=1@elsewhere"), path="/{{ model }}/ask")

    assert call.url == "http://there/v2/..%2F..%2Fadmin%3Fx%3D1%40elsewhere/ask"


def looking() -> Request:
    """Return a request with an image."""
    parts = [{"type": "text", "text": "Look"}, {"type": "image", "url": "https://x/y.png"}]
    return Request("swift", [{"role": "user", "parts": parts}], {})


async def test_media_are_sent_where_a_template_puts_them() -> None:
    call = await sent_by(looking(), body={"q": "{{ prompt }}", "seen": "{{ media }}"})

    assert call.body == {"q": "Look", "seen": [{"type": "image", "url": "https://x/y.png"}]}


async def test_media_that_no_template_sends_need_a_person() -> None:
    with pytest.raises(NeedsPerson, match="which no template of p sends: put"):
        await sent_by(looking(), body={"q": "{{ prompt }}"})


async def test_extra_body_is_merged_as_it_is() -> None:
    call = await sent_by(asked(extra_body={"colour": "{{ prompt }}"}), body={"q": "{{ prompt }}"})

    assert call.body == {"q": "2+2=?", "colour": "{{ prompt }}"}


async def test_get_sends_no_body() -> None:
    call = await sent_by(asked(), method="GET", path="/ask?q={{ prompt }}")

    assert (call.method, call.url) == ("GET", "http://there/v2/ask?q=2%2B2%3D%3F")


@pytest.mark.parametrize(
    ("options", "detail"),
    [
        ({"request_headers": {"X-Q": "{{ prompt }}"}}, "X-Q would hold a line break"),
        ({"body": {"q": "{{ prompt }} at {{ params.place }}"}}, '"params.place" is missing'),
    ],
)
async def test_item_that_does_not_fit_is_our_error(options: dict[str, Any], detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        await sent_by(asked(text="two\nlines"), **options)

    assert (caught.value.outcome, caught.value.is_retriable) == ("runner_error", False)


@pytest.mark.parametrize(
    ("answer", "options", "text"),
    [
        (response(200, {"output": "4"}), {}, "4"),
        (response(201, {"answer": 4}), {}, "4"),
        (response(200, {"text": None, "answer": "4"}), {}, "4"),
        (response(200, {"text": "4", "error": None}), {}, "4"),
        (response(200, b"4", content_type="text/plain"), {"text": ""}, "4"),
        (response(200, "4"), {"text": ""}, "4"),
        (response(200, {"a": 4}), {"text": ""}, '{"a":4}'),
        (response(200, {"output": "a\u0000b"}), {}, "ab"),
        (response(200, b'data: {"text": "4"}\n\ndata: {"text": "!"}\n\n', content_type="text/event-stream"), {}, "4!"),
        (streamed(b"data: Fo\n\n", b"data: ur\n\n", b"data: 4\n\n"), {"text": "", "stream": True}, "Four4"),
    ],
)
async def test_text_is_where_its_path_points(answer: Any, options: dict[str, Any], text: str) -> None:
    assert (await answered(answer, **options)).text == text


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (response(200, {"output": None}), "holds nothing where the provider's option text points"),
        (response(200, {"error": "no luck", "output": "4"}), "the answer holds an error: no luck"),
        (response(200, {"error": {"code": 5}}), 'the answer holds an error: {"code":5}'),
        (response(200, b"4"), "holds nothing"),
        (response(200, b"four"), "the answer is no JSON"),
        (response(200, b"data: four\n\n", content_type="text/event-stream"), "an event of the stream is no JSON"),
        (response(200, b'data: {"error": "x"}\n\n', content_type="text/event-stream"), "holds an error: x"),
        (response(200, b"", content_type="text/event-stream"), "holds nothing"),
    ],
)
async def test_answer_that_is_none_is_invalid_with_its_body(answer: Any, detail: str) -> None:
    with pytest.raises(CallFailed, match=detail) as caught:
        await answered(answer)

    assert (caught.value.outcome, caught.value.is_retriable) == ("invalid_output", True)
    assert caught.value.raw_response == answer.body.decode()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"method": "DELETE"}, "method: Write one of POST, GET."),
        ({"path": "{{ model }}"}, 'path: .* begins with "/" or "\\?"'),
        ({"path": "/{{ expected }}"}, "path: .*expected answers are never shown"),
        ({"body": {"q": "{{ question }}"}}, 'body: there is no "question" for requests; there are prompt, system'),
        ({"body": {"q": "{{ question }} now"}}, 'body: there is no "question"'),
        ({"body": {"q": ["{{ prompt"]}}, "body: line 1"),
        ({"body": "no JSON"}, "body: Enter a valid JSON"),
        ({"request_headers": {"X": 5}}, "request_headers: Write an object of texts"),
        ({"request_headers": {"authorization": "x"}}, "request_headers: A key is named, never written"),
        ({"text": "a..b"}, "text: .* is no path"),
        ({"body": {"q": "x" * 20_000}}, "body: Write at most 16,384 characters"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        HttpOptions.parse(options)


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({}, {"temperature", "seed"}),
        ({"body": {"t": "{{ params.temperature }}"}}, {"seed"}),
        ({"body": {"t": "{{ params }}"}}, set()),
        ({"body": {"t": "at {{ params.temperature }}"}, "path": "/{{ params.seed }}"}, set()),
        ({"method": "GET", "path": "/{{ params.seed }}"}, {"temperature", "extra_body", "stream"}),
        ({"body": ["{{ params }}"]}, set()),
    ],
)
def test_check_params_names_those_that_no_template_reads(options: dict[str, Any], refused: set[str]) -> None:
    params = {"temperature": 1, "seed": 2, "extra_body": {}, "stream": True}

    assert set(HttpRunner.check_params(params, options)) == refused
