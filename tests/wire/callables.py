"""Callables that answer for providers of kind python, and some that may not."""

from collections.abc import AsyncIterator
from typing import Any

from tests.wire.sums import answer_to


async def answer(messages: list[dict[str, Any]]) -> str:
    """Return the sum."""
    return answer_to(messages[-1]["content"])


answer.models = ["any", "other"]  # type: ignore[attr-defined]  # what the provider lists


async def seldom_answer(messages: list[dict[str, Any]], *, key: str) -> str:
    """Return the sum, but of one item raise what nobody expects."""
    if key == "sum-3":
        raise KeyError(key)
    return answer_to(messages[-1]["content"])


async def tell(messages: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    """Return what it was given."""
    return {"text": f"{messages} {sorted(given.items(), key=str)}", "tokens_in": 5, "tokens_out": 2}


class Agent:
    """An object that is called."""

    async def __call__(self, messages: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
        """Return an answer in parts."""
        calls = [{"id": "c1", "name": "add", "arguments": {"a": 1}}]
        return {"text": f"hot {params['temperature']}", "reasoning": f"of {len(messages)}", "tool_calls": calls}


agent = Agent()


async def piecewise(messages: list[dict[str, Any]]) -> AsyncIterator[Any]:
    """Yield the sum letter by letter, then its usage."""
    for letter in f"It is {answer_to(messages[-1]['content'])}":
        yield letter
    yield {"tokens_in": 7, "tokens_out": 3, "outcome": "truncated", "detail": "enough"}


async def broken_off(messages: list[dict[str, Any]]) -> AsyncIterator[str]:
    """Yield a word, then fail."""
    yield f"half of {len(messages)}"
    raise ConnectionResetError("gone")


def blocking(messages: list[dict[str, Any]]) -> str:
    """Return an answer, while all others wait."""
    return str(messages)


async def greedy(messages: list[dict[str, Any]], database: str) -> str:
    """Want what nobody gives."""
    return f"{messages}{database}"


nothing = None
