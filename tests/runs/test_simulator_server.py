"""The simulator over HTTP: routes, keys, answers, faults, streams, connections."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import ClientPayloadError, ClientSession, ServerDisconnectedError

from runs.simulator.knowledge import Fact, Knowledge
from runs.simulator.models import SimulatedModel
from runs.simulator.server import Simulator

KEY = "the key"
AUTHORIZED = {"Authorization": f"Bearer {KEY}"}
CHAT = "/v1/chat/completions"
MODELS = (
    SimulatedModel("plain"),
    SimulatedModel("half", accuracy=0.5),
    SimulatedModel("slow", latency_ms=30_000),
    SimulatedModel("steady", latency_ms=20),
    SimulatedModel("refuses", refusal_rate=1),
    SimulatedModel("stops", truncation_rate=1),
    SimulatedModel("busy", retry_429_rate=1, retry_after_s=2),
    SimulatedModel("fails", error_rate=1),
    SimulatedModel("breaks", malformed_rate=1),
    SimulatedModel("drops", drop_rate=1),
    SimulatedModel("hangs", timeout_rate=1, hang_s=0.02),
    SimulatedModel("paced", latency_ms=100, first_token_share=0.2),
    SimulatedModel("late", latency_ms=30_000, first_token_share=0.0),
    SimulatedModel("cut", cut_rate=1),
    SimulatedModel("endless", endless_rate=1),
)


def body_of(model: str = "plain", content: Any = "Who is it?", **more: Any) -> dict[str, Any]:
    """Return the body of a call."""
    return {"model": model, "messages": [{"role": "user", "content": content}], **more}


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A simulator that listens."""
    running = Simulator(MODELS, Knowledge([Fact("Who is it?", "me", ("you",))]), key=KEY)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def client(simulator: Simulator) -> AsyncIterator[ClientSession]:
    """A client that knows the key."""
    async with ClientSession(simulator.url.removesuffix("/v1"), headers=AUTHORIZED) as session:
        yield session


@asynccontextmanager
async def connection(simulator: Simulator) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    yield reader, writer
    writer.close()
    await writer.wait_closed()


def raw_call(**more: Any) -> bytes:
    """Return a whole request as bytes."""
    body = orjson.dumps(body_of(**more))
    head = f"POST {CHAT} HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def test_completion_has_the_shape_of_the_public_interface(client: ClientSession) -> None:
    async with client.post(CHAT, json=body_of()) as answer:
        found = await answer.json()

    text = found["choices"][0]["message"]["content"]
    assert (answer.status, found["object"], found["model"]) == (200, "chat.completion", "plain")
    assert text.endswith("\nA: me")
    assert found["choices"][0]["finish_reason"] == "stop"
    assert found["usage"]["total_tokens"] == 3 + -(-len(text) // 4)


async def test_completion_of_the_same_call_is_the_same_and_of_another_sample_is_not(client: ClientSession) -> None:
    async def answer(number: int, sample: str) -> Any:
        headers = {"X-Evalsite-Sample": sample}
        async with client.post(CHAT, json=body_of("half", f"{number}+1=?"), headers=headers) as found:
            return (await found.json())["choices"][0]["message"]["content"]

    async def answers(sample: str) -> list[Any]:
        return [await answer(number, sample) for number in range(12)]

    assert await answers("1") == await answers("1")
    assert await answers("1") != await answers("2")
    assert await answers("") == await answers("0") == await answers("odd")


@pytest.mark.parametrize(
    ("content", "tokens"), [("Who is it?", 3), ([{"type": "text", "text": "Who is it?"}], 3), (None, 1), ([], 1)]
)
async def test_completion_counts_the_prompt_in_any_form(client: ClientSession, content: Any, tokens: int) -> None:
    async with client.post(CHAT, json=body_of(content=content)) as answer:
        assert (await answer.json())["usage"]["prompt_tokens"] == tokens


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_completion_above_the_limit_of_tokens_is_cut(client: ClientSession, name: str) -> None:
    async with client.post(CHAT, json=body_of(content="x" * 64, **{name: 2})) as answer:
        found = await answer.json()

    assert found["choices"][0]["finish_reason"] == "length"
    assert found["usage"]["completion_tokens"] == 2
    assert len(found["choices"][0]["message"]["content"]) <= 8


async def test_refusal_has_no_content(client: ClientSession) -> None:
    async with client.post(CHAT, json=body_of("refuses")) as answer:
        message = (await answer.json())["choices"][0]["message"]

    assert message["content"] is None
    assert message["refusal"]


async def test_truncation_stops_before_the_answer(client: ClientSession) -> None:
    async with client.post(CHAT, json=body_of("stops")) as answer:
        choice = (await answer.json())["choices"][0]

    assert choice["finish_reason"] == "length"
    assert "A: me" not in choice["message"]["content"]


async def test_retry_429_meets_the_first_try_alone_until_reset(client: ClientSession) -> None:
    async def status() -> tuple[int, str | None]:
        async with client.post(CHAT, json=body_of("busy")) as answer:
            return answer.status, answer.headers.get("Retry-After")

    first, second = await status(), await status()
    async with client.post("/reset"):
        after_reset = await status()

    assert (first, second, after_reset) == ((429, "2"), (200, None), (429, "2"))


async def test_error_is_a_500_every_time(client: ClientSession) -> None:
    answers = [await client.post(CHAT, json=body_of("fails")) for _ in range(2)]

    assert [answer.status for answer in answers] == [500, 500]
    assert (await answers[0].json())["error"]["code"] == "server_error"


async def test_malformed_is_a_200_whose_json_breaks_off(client: ClientSession) -> None:
    async with client.post(CHAT, json=body_of("breaks")) as answer:
        text = await answer.text()

    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


@pytest.mark.parametrize("model", ["drops", "hangs"])
async def test_drop_and_timeout_end_the_connection_without_an_answer(client: ClientSession, model: str) -> None:
    with pytest.raises((ServerDisconnectedError, ClientPayloadError)):
        await client.post(CHAT, json=body_of(model))


async def test_stream_sends_the_text_in_events_and_the_usage_when_asked(client: ClientSession) -> None:
    body = body_of(stream=True, stream_options={"include_usage": True})
    async with client.post(CHAT, json=body) as answer:
        lines = (await answer.text()).split("\n\n")

    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    assert answer.content_type == "text/event-stream"
    assert lines[-2:] == ["data: [DONE]", ""]
    assert "".join(delta.get("content", "") for delta in deltas).endswith("\nA: me")
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert (events[-1]["choices"], events[-1]["usage"]["prompt_tokens"]) == ([], 3)


async def test_paced_stream_comes_in_pieces_and_is_the_same_text(client: ClientSession, simulator: Simulator) -> None:
    async with client.post(CHAT, json=body_of("paced", stream=True)) as answer:
        pieces = [piece async for piece, _ in answer.content.iter_chunks() if piece]
    async with client.post(CHAT, json=body_of("paced")) as answer:
        whole = await answer.json()

    events = [json.loads(piece.removeprefix(b"data: ")) for piece in pieces[:-1]]
    text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    assert (pieces[-1], len(pieces) > 3) == (b"data: [DONE]\n\n", True)
    assert text == whole["choices"][0]["message"]["content"]
    assert (simulator.stats.requests, simulator.stats.in_flight, simulator.stats.gone) == (2, 0, 0)


async def test_paced_stream_begins_before_it_ends(client: ClientSession, simulator: Simulator) -> None:
    async with client.post(CHAT, json=body_of("late", stream=True)) as answer:
        first = await answer.content.readline()
        is_open = simulator.stats.in_flight == 1

    await until(lambda: simulator.stats.in_flight == 0)
    assert (first.startswith(b"data: "), is_open, simulator.stats.gone) == (True, True, 1)


async def read_into(read: list[bytes], client: ClientSession, body: dict[str, Any]) -> None:
    """Note the pieces of an answer as they come."""
    async with client.post(CHAT, json=body) as answer:
        async for piece in answer.content.iter_any():
            read.append(piece)  # noqa: PERF401 - what came before the cut is wanted


@pytest.mark.parametrize("stream", [False, True])
async def test_cut_answer_ends_half_way(client: ClientSession, simulator: Simulator, stream: bool) -> None:
    read = list[bytes]()

    with pytest.raises(ClientPayloadError):
        await read_into(read, client, body_of("cut", stream=stream))

    assert (b"choices" in b"".join(read), b"DONE" in b"".join(read)) == (True, False)
    assert (simulator.stats.in_flight, dict(simulator.stats.by_fault)) == (0, {"cut": 1})


@pytest.mark.parametrize("stream", [False, True])
async def test_endless_answer_goes_on_until_the_client_leaves(
    client: ClientSession, simulator: Simulator, stream: bool
) -> None:
    async with client.post(CHAT, json=body_of("endless", stream=stream)) as answer:
        read = [await answer.content.readany() for _ in range(4)]

    await until(lambda: simulator.stats.in_flight == 0)
    assert (all(read), simulator.stats.gone) == (True, 1)


async def test_paced_stream_to_a_client_of_http_1_0_ends_with_the_connection(simulator: Simulator) -> None:
    async with connection(simulator) as (reader, writer):
        writer.write(raw_call(model="paced", stream=True).replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = await reader.read()

    assert answer.endswith(b"data: [DONE]\n\n")
    assert b"chunked" not in answer


@pytest.mark.parametrize("stream", [True, False])
async def test_several_choices_are_as_many_and_all_counted(client: ClientSession, stream: bool) -> None:
    async with client.post(CHAT, json={**body_of("plain", stream=stream), "n": 3}) as answer:
        text = await answer.text()
    async with client.post(CHAT, json=body_of("plain")) as answer:
        alone = (await answer.json())["usage"]

    assert [text.count(f'"index":{index}') > 0 for index in range(4)] == [True, True, True, False]
    assert stream or orjson.loads(text)["usage"]["completion_tokens"] > alone["completion_tokens"]


async def test_stream_without_usage_ends_with_the_reason(client: ClientSession) -> None:
    async with client.post(CHAT, json=body_of("refuses", stream=True)) as answer:
        text = await answer.text()

    assert "usage" not in text
    assert '"refusal":' in text


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"no json", 400, None, None),
        (b"[]", 400, None, None),
        (b'{"model": "plain"}', 400, None, None),
        (b'{"model": "plain", "messages": []}', 400, None, "messages"),
        (b'{"model": 5, "messages": [{"content": "x"}]}', 400, None, "messages"),
        (b'{"model": "plain", "messages": [{"role": "user"}]}', 400, None, None),
        (b'{"model": "plain", "messages": [{"content": 5}]}', 400, None, None),
        (b'{"model": "plain", "messages": [{"content": "x"}], "n": 0}', 400, None, "n"),
        (b'{"model": "plain", "messages": [{"content": "x"}], "max_tokens": 0.5}', 400, None, "max_tokens"),
        (b'{"model": "nobody", "messages": [{"content": "x"}]}', 404, "model_not_found", "model"),
    ],
)
async def test_call_that_is_none_is_refused_in_the_public_form(
    client: ClientSession, body: bytes, status: int, code: str | None, param: str | None
) -> None:
    async with client.post(CHAT, data=body) as answer:
        error = (await answer.json())["error"]

    assert (answer.status, error["code"], error["param"]) == (status, code, param)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", CHAT), ("GET", "/v1/models"), ("GET", "/stats"), ("POST", "/reset")]
)
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", KEY, "Bearer é"])
async def test_route_without_the_key_answers_401(
    simulator: Simulator, method: str, path: str, authorization: str
) -> None:
    url = simulator.url.removesuffix("/v1") + path
    headers = {"Authorization": authorization}
    async with ClientSession() as stranger, stranger.request(method, url, headers=headers) as answer:
        error = (await answer.json())["error"]

    assert (answer.status, error["code"]) == (401, "invalid_api_key")


async def test_healthz_asks_for_no_key(simulator: Simulator) -> None:
    async with ClientSession() as stranger, stranger.get(simulator.url.removesuffix("/v1") + "/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", CHAT, 405)])
async def test_route_that_is_not_served_is_an_error_in_json(
    client: ClientSession, method: str, path: str, status: int
) -> None:
    async with client.request(method, path) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, "unknown_url")


async def test_models_are_listed_in_their_order(client: ClientSession) -> None:
    async with client.get("/v1/models?limit=1") as answer:
        listed = (await answer.json())["data"]

    assert [model["id"] for model in listed] == [model.name for model in MODELS]


async def test_stats_count_calls_by_model_and_fault_and_forget_at_reset(client: ClientSession) -> None:
    answers = [await client.post(CHAT, json=body_of(model)) for model in ("plain", "plain", "fails")]

    async with client.get("/stats") as answer:
        stats = await answer.json()
    async with client.post("/reset") as answer:
        after = await answer.json()

    assert [answer.status for answer in answers] == [200, 200, 500]
    assert (stats["requests"], stats["in_flight"], stats["max_in_flight"]) == (3, 0, 1)
    assert (stats["by_model"], stats["by_fault"]) == ({"plain": 2, "fails": 1}, {"error": 1})
    assert 0 < stats["first_request_at"] <= stats["last_request_at"] <= stats["last_answer_at"]
    assert (after["requests"], after["by_model"], after["span_s"]) == (0, {}, 0.0)


async def test_stats_of_calls_at_once_show_them_in_flight(client: ClientSession, simulator: Simulator) -> None:
    answers = await asyncio.gather(*(client.post(CHAT, json=body_of("steady", f"{n}")) for n in range(8)))

    assert {answer.status for answer in answers} == {200}
    assert (simulator.stats.max_in_flight, simulator.stats.in_flight) == (8, 0)


async def test_client_that_leaves_is_counted_and_its_answer_cancelled(simulator: Simulator) -> None:
    async with connection(simulator) as (_, writer):
        writer.write(raw_call(model="slow"))
        await until(lambda: simulator.stats.in_flight == 1)

    await until(lambda: simulator.stats.gone == 1)
    assert simulator.stats.in_flight == 0


async def test_pipelined_calls_are_answered_in_their_order(simulator: Simulator) -> None:
    async with connection(simulator) as (reader, writer):
        writer.write(raw_call(model="steady", content="1+1=?") + raw_call(content="2+2=?") + raw_call(content="3+3=?"))
        texts = [await content_of(reader) for _ in range(3)]

    assert texts == ["2", "4", "6"]
    assert simulator.stats.max_in_flight == 1


async def test_body_that_is_announced_is_asked_for(simulator: Simulator) -> None:
    head, _, body = raw_call(content="4+4=?").partition(b"\r\n\r\n")
    async with connection(simulator) as (reader, writer):
        writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        consent = await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        text = await content_of(reader)

    assert (consent, text) == (b"HTTP/1.1 100 Continue\r\n\r\n", "8")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413 "),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 70_000, b"431 "),
    ],
)
async def test_bytes_that_are_no_request_end_the_connection_with_a_reason(
    simulator: Simulator, data: bytes, status: bytes
) -> None:
    async with connection(simulator) as (reader, writer):
        writer.write(data)
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"Connection: close" in answer
    assert b'"error"' in answer


@pytest.mark.parametrize("stream", [False, True])
async def test_client_of_http_1_0_reads_until_the_connection_ends(simulator: Simulator, stream: bool) -> None:
    async with connection(simulator) as (reader, writer):
        writer.write(raw_call(content="5+5=?", stream=stream).replace(b"HTTP/1.1", b"HTTP/1.0"))
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer
    assert b"chunked" not in answer
    assert b'"10"' in answer


async def until(condition: Any) -> None:
    """Come back when a condition holds; fails after 5 s."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of tests
            await asyncio.sleep(0.001)


async def content_of(reader: asyncio.StreamReader) -> str:
    """Return the text of the next completion on a connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    body = json.loads(await reader.readexactly(length))
    text: str = body["choices"][0]["message"]["content"]
    return text
