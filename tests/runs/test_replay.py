"""The runner that answers from recorded outputs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from experiments.blobs import default_store
from experiments.options import OptionError
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection
from runs.runners.replay import ReplayRunner
from tests.runs.fake_transport import FakeTransport

Recorded = Callable[..., ReplayRunner]


@pytest.fixture(autouse=True)
def data(settings: Settings, tmp_path: Path) -> Path:
    """An own data directory."""
    settings.DATA_DIR = tmp_path
    return tmp_path


def runner_of(content: bytes, **options: str) -> ReplayRunner:
    """Return a runner of a file with this content."""
    sha = default_store().put(content)
    return ReplayRunner(Connection("past", f"blob:{sha}", options=options), FakeTransport([]))


def lines(*records: Any) -> bytes:
    """Return records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


async def ask(runner: ReplayRunner, key: str, model: str = "m") -> Completion:
    """Return what was recorded for an item."""
    return await runner.complete(Request(model, [], {}, item_key=key))


async def test_complete_answers_with_the_text_recorded_for_the_item() -> None:
    runner = runner_of(lines({"key": "a", "output": "first"}, {"key": "b", "output": "zweite ü"}))

    found = await ask(runner, "b")

    assert found == Completion(
        "zweite ü",
        message={"role": "assistant", "parts": [{"type": "text", "text": "zweite ü"}]},
    )


async def test_complete_with_named_fields_reads_those() -> None:
    runner = runner_of(lines({"id": 17, "answer": "x", "by": "m1"}), key="id", output="answer", model="by")

    assert (await ask(runner, "17", "m1")).text == "x"
    assert await runner.models() == ["m1"]


async def test_complete_with_a_model_field_tells_models_apart() -> None:
    records = [{"key": "a", "output": model, "model": model} for model in ("one", "two")]
    runner = runner_of(lines(*records), model="model")

    assert [(await ask(runner, "a", model)).text for model in ("two", "one")] == ["two", "one"]
    with pytest.raises(CallFailed, match="no recorded output of three for item a"):
        await ask(runner, "a", "three")


async def test_complete_without_a_model_field_answers_for_any_model() -> None:
    runner = runner_of(lines({"key": "a", "output": "x"}))

    assert [(await ask(runner, "a", model)).text for model in ("one", "two")] == ["x", "x"]
    assert await runner.models() == []


async def test_complete_of_an_item_recorded_twice_takes_the_first() -> None:
    runner = runner_of(lines({"key": "a", "output": "first"}, {"key": "a", "output": "second"}))

    assert (await ask(runner, "a")).text == "first"


@pytest.mark.parametrize(
    ("output", "text", "counts"),
    [
        ("plain", "plain", (None, None, None)),
        ({"text": "t", "tokens_in": 3, "tokens_out": 4, "latency_ms": 120.6}, "t", (3, 4, 121)),
        ({"output": "o", "tokens_in": "3", "tokens_out": -1, "latency_ms": True}, "o", (None, None, None)),
        ({"content": "c"}, "c", (None, None, None)),
        ({"m": "by model", "other": "x"}, "by model", (None, None, None)),
        ({"m": {"text": "by model", "tokens_out": 5}}, "by model", (None, 5, None)),
        ({"city": "Lima"}, '{"city":"Lima"}', (None, None, None)),
        (42, "42", (None, None, None)),
        (None, "", (None, None, None)),
        ("nul \x00 lone \ud800", "nul  lone ?", (None, None, None)),
    ],
)
async def test_complete_of_each_form_of_output_has_its_text_and_counts(
    output: Any, text: str, counts: tuple[Any, ...]
) -> None:
    found = await ask(runner_of(lines({"key": "a", "output": output})), "a")

    assert (found.text, found.outcome) == (text, "ok")
    assert (found.tokens_in, found.tokens_out, found.latency_ms) == counts


async def test_complete_of_a_file_with_bom_crlf_and_blank_lines_finds_every_record() -> None:
    runner = runner_of(b'\xef\xbb\xbf{"key": "a", "output": "1"}\r\n\r\n  \n{"key": "b", "output": "2"}')

    assert [(await ask(runner, key)).text for key in "ab"] == ["1", "2"]


async def test_complete_of_an_item_without_a_recording_fails_without_a_retry() -> None:
    with pytest.raises(CallFailed, match="no recorded output for item zzz") as caught:
        await ask(runner_of(lines({"key": "a", "output": "x"})), "zzz")

    assert (caught.value.outcome, caught.value.is_retriable) == ("provider_error", False)


async def test_complete_of_a_recording_without_output_fails_without_a_retry() -> None:
    with pytest.raises(CallFailed, match='item a has no field "output"') as caught:
        await ask(runner_of(lines({"key": "a"})), "a")

    assert not caught.value.is_retriable


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (b'{"key": "a", "output": "x"}\nno json', {}, "line 2 .* is no JSON object"),
        (b"[1]", {}, "line 1 .* is no JSON object"),
        (b'\n{"id": "a"}', {}, 'line 2 .* the field "key" is no text'),
        (b'{"key": true}', {}, 'the field "key" is no text'),
        (b'{"key": "a", "output": "x"}', {"model": "by"}, "is no text"),
        (b'{"key": "a", "by": null}', {"model": "by"}, 'the field "by" is no text'),
    ],
)
async def test_complete_of_a_wrong_file_needs_a_person_and_names_the_line(
    content: bytes, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(NeedsPerson, match=sentence):
        await ask(runner_of(content, **options), "a")


@pytest.mark.parametrize("base_url", ["", "blob:", "blob:../../etc/passwd", "http://there", "xblob:" + "0" * 64])
async def test_complete_without_a_recorded_file_needs_a_person(base_url: str) -> None:
    with pytest.raises(NeedsPerson, match="past"):
        await ask(ReplayRunner(Connection("past", base_url), FakeTransport([])), "a")


async def test_complete_after_the_file_came_back_answers() -> None:
    content = lines({"key": "a", "output": "x"})
    runner = runner_of(content)
    path = default_store().path(runner.connection.base_url.removeprefix("blob:"))
    path.unlink()

    with pytest.raises(NeedsPerson, match="are not there"):
        await ask(runner, "a")
    default_store().put(content)

    assert (await ask(runner, "a")).text == "x"


async def test_complete_of_many_items_at_once_goes_through_the_file_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, read = runner_of(lines(*({"key": str(n), "output": str(n)} for n in range(50)))), []
    index = runner._index
    monkeypatch.setattr(runner, "_index", lambda path: read.append(path) or index(path))

    found = await asyncio.gather(*(ask(runner, str(n)) for n in range(50)))

    assert [completion.text for completion in found] == [str(n) for n in range(50)]
    assert len(read) == 1


async def test_complete_whose_first_caller_is_cancelled_answers_the_others() -> None:
    runner = runner_of(lines({"key": "a", "output": "x"}))
    first, second = asyncio.create_task(ask(runner, "a")), asyncio.create_task(ask(runner, "a"))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).text == "x"


def test_options_have_defaults_and_refuse_unknown_names() -> None:
    assert ReplayRunner.Options.parse({}) == {"key": "key", "output": "output", "model": ""}
    with pytest.raises(OptionError, match="unknown option"):
        ReplayRunner.Options.parse({"keys": "x"})
