"""Reuse: answers of equal requests from earlier runs of the project, looked up in batches."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from runs.exchange import Completion
from runs.models import Result, Run
from runs.outcomes import ANSWERED
from runs.transcripts import messages_of, text_of

if TYPE_CHECKING:
    from runs.lanes.sink import Sink

LOOK_UP_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reusable:
    """An earlier answer."""

    result_id: int
    completion: Completion
    cost_usd: Decimal | None
    latency_ms: int | None


class Reuse:
    """Collects look-ups of one moment into one query."""

    def __init__(self, look_up: Callable[[Collection[bytes]], dict[bytes, Reusable]]) -> None:
        self._look_up = look_up
        self._asked: dict[bytes, list[asyncio.Future[Reusable | None]]] = {}
        self._flight: asyncio.Task[None] | None = None
        self.sink: Sink | None = None

    async def find(self, request_hash: bytes) -> Reusable | None:
        """Return the earliest stored answer to an equal request; None: there is none."""
        future: asyncio.Future[Reusable | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(request_hash, []).append(future)
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly())
        return await future

    async def _fly(self) -> None:
        try:
            while self._asked:
                hashes = list(self._asked)[:LOOK_UP_AT_ONCE]
                asked = {key: self._asked.pop(key) for key in hashes}
                await self._answer(asked)
        finally:
            self._flight = None

    async def _answer(self, asked: dict[bytes, list["asyncio.Future[Reusable | None]"]]) -> None:
        if self.sink is None:
            raise RuntimeError("reuse was asked before the lane began")
        try:
            found: dict[bytes, Reusable] = await self.sink.call(self._look_up, list(asked))
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            for future in (future for futures in asked.values() for future in futures if not future.done()):
                future.set_exception(error)
            return
        for request_hash, futures in asked.items():
            for future in futures:
                if not future.done():
                    future.set_result(found.get(request_hash))


def has_forerunners(run: Run) -> bool:
    """Return whether an earlier run of the project can have answers to this run's requests.

    Runs that stand beside it (other candidates over the same cases) have none: equal candidates are refused.
    """
    others = Run.objects.filter(experiment__project=run.experiment.project_id).exclude(started_at=None)
    return others.exclude(experiment=run.experiment_id, case_list=run.case_list_id).exists()


def look_up(hashes: Collection[bytes]) -> dict[bytes, Reusable]:
    """Return the earliest answered result of each request hash that has one."""
    rows = Result.objects.filter(request_hash__in=hashes, outcome__in=ANSWERED, reused_from=None)
    found: dict[bytes, Reusable] = {}
    for result in rows.select_related("transcript").order_by("-pk"):
        found[bytes(result.request_hash or b"")] = _reusable(result)
    return found


def _reusable(result: Result) -> Reusable:
    message: dict[str, Any] = {key: value for key, value in messages_of(result)[-1].items() if key != "call"}
    completion = Completion(
        text=text_of(message),
        outcome=result.outcome,
        detail=result.detail,
        message=message,
        tokens_in=result.tokens_in,
        tokens_out=result.tokens_out,
        first_token_ms=result.first_token_ms,
    )
    return Reusable(result.pk, completion, result.cost_usd, result.latency_ms)
