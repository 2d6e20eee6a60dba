"""Scoring apart: in a child process with a deadline, for code whose time nobody knows.

The child reads one JSON line a judgement and answers one JSON line a verdict. A child that misses the deadline
or dies is killed and replaced; its judgement comes back as an error.
"""

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict
from decimal import Decimal
from importlib import import_module
from typing import Any

import orjson

from scoring.judging.one import Judgement, judged
from scoring.scorers.base import Answer, Question, Verdict

DEADLINE_S = 5.0
START_S = 30.0
LINE_LIMIT = 64 * 1024 * 1024
READY = b"ready\n"


class ScorersApart:
    """One child process that judges, made at first use and replaced when it hangs or dies."""

    def __init__(self, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def judge(self, judgement: Judgement) -> Verdict:
        """Return the verdict; a child that hung or died gives an error instead."""
        async with self._turn:
            try:
                child = await self._started()
                async with asyncio.timeout(self._deadline_s):
                    return await _ask(child, judgement)
            except TimeoutError:
                return await self._given_up(f"the scorer took longer than {self._deadline_s:g} s and was stopped")
            except (OSError, EOFError, ValueError):
                return await self._given_up("the scorer's process ended before its verdict")
            except asyncio.CancelledError:
                self._kill()  # its verdict would be read as that of the next judgement
                raise

    async def close(self) -> None:
        """End the child."""
        child = self._kill()
        if child is not None:
            await child.wait()

    def _kill(self) -> asyncio.subprocess.Process | None:
        """Kill the child and return it; the next judgement starts another."""
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
        return child

    async def _given_up(self, why: str) -> Verdict:
        await self.close()
        return Verdict(None, error=why)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "scoring.judging.apart",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_LIMIT,
            )
            async with asyncio.timeout(START_S):
                if await _pipe(self._child.stdout).readline() != READY:
                    raise EOFError
        return self._child


def _pipe(stream: Any) -> Any:
    if stream is None:
        raise EOFError
    return stream


async def _ask(child: asyncio.subprocess.Process, judgement: Judgement) -> Verdict:
    stdin, stdout = _pipe(child.stdin), _pipe(child.stdout)
    stdin.write(_question_line(judgement))
    await stdin.drain()
    line = await stdout.readline()
    if not line:
        raise EOFError
    return Verdict(**orjson.loads(line))


def _question_line(judgement: Judgement) -> bytes:
    kind = type(judgement.scorer)
    message = {
        "scorer": [kind.__module__, kind.__qualname__],
        "options": judgement.scorer.options,
        "question": asdict(judgement.question),
        "answer": asdict(judgement.answer),
    }
    return orjson.dumps(message, default=str) + b"\n"


def _judge_line(line: bytes) -> bytes:
    message = orjson.loads(line)
    module, name = message["scorer"]
    scorer = getattr(import_module(module), name)(message["options"])
    question, answer = message["question"], message["answer"]
    question["tags"] = tuple(question["tags"])
    answer["cost_usd"] = None if answer["cost_usd"] is None else Decimal(answer["cost_usd"])
    verdict = judged(Judgement(scorer, Question(**question), Answer(**answer)))
    return orjson.dumps(asdict(verdict)) + b"\n"


def main() -> None:
    """Judge what comes on standard input until it ends. What scorers print does not mix with the verdicts."""
    verdicts, sys.stdout = sys.stdout.buffer, sys.stderr
    verdicts.write(READY)
    verdicts.flush()
    for line in sys.stdin.buffer:
        verdicts.write(_judge_line(line))
        verdicts.flush()


if __name__ == "__main__":
    import django

    django.setup()
    main()
