"""Scoring in a thread, in batches: patterns of users must not hold up the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from scoring.judging.one import Judgement, judged
from scoring.scorers.base import Verdict

JUDGED_AT_ONCE = 64


class JudgingThread:
    """One thread that judges what has come up since it last looked; a hand-over a batch, not a result."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="judging")
        self._waiting: list[tuple[Judgement, asyncio.Future[Verdict]]] = []
        self._is_busy = False

    async def judge(self, judgement: Judgement) -> Verdict:
        """Return the verdict."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((judgement, future))
        if not self._is_busy:
            self._judge_next()
        return await future

    def close(self) -> None:
        """End the thread after the batch that it is at."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _judge_next(self) -> None:
        batch, self._waiting = self._waiting[:JUDGED_AT_ONCE], self._waiting[JUDGED_AT_ONCE:]
        self._is_busy = bool(batch)
        if not batch:
            return
        loop = asyncio.get_running_loop()
        verdicts = loop.run_in_executor(self._executor, _judge_all, [judgement for judgement, _ in batch])
        verdicts.add_done_callback(lambda done: self._settle(batch, done))

    def _settle(
        self, batch: list[tuple[Judgement, "asyncio.Future[Verdict]"]], done: "asyncio.Future[list[Verdict]]"
    ) -> None:
        if not done.cancelled():
            for (_, future), verdict in zip(batch, done.result(), strict=True):
                if not future.done():
                    future.set_result(verdict)
            self._judge_next()


def _judge_all(judgements: list[Judgement]) -> list[Verdict]:
    return [judged(judgement) for judgement in judgements]
