"""Reuse: the earliest answer of an equal request, looked up together with what else is asked at the moment."""

import asyncio
from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import pytest

from runs.exchange import Completion, Request
from runs.models import Run
from runs.reuse import Reusable, Reuse, has_forerunners, look_up
from runs.stages.generate import request_hash
from tests.factories import ResultFactory, TranscriptFactory
from tests.runs.planned import planned_run

HASH = bytes(range(16))


class FakeSink:
    """Calls at once, and counts."""

    def __init__(self) -> None:
        self.calls: list[list[bytes]] = []

    async def call(self, function: Callable[..., Any], hashes: Collection[bytes]) -> Any:
        """Return what the function returns."""
        self.calls.append(sorted(hashes))
        await asyncio.sleep(0)
        return function(hashes)


def reusing(look: Callable[[Collection[bytes]], dict[bytes, Reusable]]) -> tuple[Reuse, FakeSink]:
    """Return a reuse over this look-up."""
    reuse, sink = Reuse(look), FakeSink()
    reuse.sink = sink  # type: ignore[assignment]
    return reuse, sink


def known(hashes: Collection[bytes]) -> dict[bytes, Reusable]:
    """Return an answer to every hash but b."""
    return {key: Reusable(1, Completion(key.decode()), None, None) for key in hashes if key != b"b"}


async def test_find_gives_everybody_their_own() -> None:
    reuse, _ = reusing(known)

    found = await asyncio.gather(*(reuse.find(key) for key in (b"a", b"b", b"c", b"a")))

    assert [one.completion.text if one else None for one in found] == ["a", None, "c", "a"]


async def test_find_asks_once_for_all_of_one_moment() -> None:
    reuse, sink = reusing(known)

    await asyncio.gather(*(reuse.find(key) for key in (b"a", b"b", b"c")))

    assert sink.calls == [[b"a", b"b", b"c"]]


async def test_find_again_later_asks_again() -> None:
    reuse, sink = reusing(known)
    await reuse.find(b"a")

    await reuse.find(b"a")

    assert len(sink.calls) == 2


async def test_find_that_fails_tells_everybody_who_asked() -> None:
    def broken(hashes: Collection[bytes]) -> dict[bytes, Reusable]:
        raise LookupError("no table")

    reuse, _ = reusing(broken)

    found = await asyncio.gather(reuse.find(b"a"), reuse.find(b"b"), return_exceptions=True)

    assert [str(error) for error in found] == ["no table", "no table"]


def message(text: str) -> list[dict[str, Any]]:
    """Return a transcript with this answer."""
    return [
        {"role": "user", "parts": [{"type": "text", "text": "?"}]},
        {"role": "assistant", "parts": [{"type": "text", "text": text}], "call": {"provider": "x"}},
    ]


def stored(text: str, **values: Any) -> int:
    """Store an answer under the hash and return its id."""
    result = ResultFactory(**{"request_hash": HASH, "tokens_in": 3, "cost_usd": Decimal("0.5")} | values)
    TranscriptFactory(result=result, body=message(text))
    return int(result.pk)


@pytest.mark.django_db
@pytest.mark.both
def test_look_up_gives_the_earliest_answer() -> None:
    first = stored("first")
    stored("second")

    (found,) = look_up([HASH, b"x" * 16]).values()

    assert (found.result_id, found.completion.text, found.completion.tokens_in) == (first, "first", 3)
    assert found.cost_usd == Decimal("0.5")
    assert "call" not in found.completion.message


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"outcome": "timeout"}, {"reused_from": 7}, {"request_hash": b"y" * 16}])
def test_look_up_takes_no_errors_and_no_second_hand_answers(values: dict[str, Any]) -> None:
    stored("no", **values)

    assert look_up([HASH]) == {}


@pytest.mark.django_db
def test_run_has_forerunners_once_another_experiment_of_the_project_began() -> None:
    run, other = planned_run(1), planned_run(1)
    before = has_forerunners(run)
    other.experiment.project = run.experiment.project
    other.experiment.save()
    planned_only = has_forerunners(run)

    other.begin()

    assert (before, planned_only, has_forerunners(Run.objects.get(pk=run.pk))) == (False, False, True)


@pytest.mark.parametrize(
    "other",
    [
        Request("large", [], {}, "k", 0),
        Request("small", [{"role": "user"}], {}, "k", 0),
        Request("small", [], {"temperature": 0}, "k", 0),
        Request("small", [], {}, "k", 1),
    ],
)
def test_request_hash_tells_requests_apart(other: Request) -> None:
    assert request_hash(b"head", other) != request_hash(b"head", Request("small", [], {}, "k", 0))


def test_request_hash_tells_projects_apart_and_orders_of_parameters_not() -> None:
    one, same = Request("small", [], {"a": 1, "b": 2}), Request("small", [], {"b": 2, "a": 1})

    assert request_hash(b"head", one) == request_hash(b"head", same)
    assert request_hash(b"head", one) != request_hash(b"other", one)
    assert len(request_hash(b"head", one)) == 16
