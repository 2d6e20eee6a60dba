"""What somebody writes who has the openai SDK and an afternoon: one client, a semaphore, exact match, a file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI


async def ask(client: AsyncOpenAI, turn: asyncio.Semaphore, model: str, item: dict[str, Any]) -> dict[str, Any]:
    """Return the item with its answer and whether that is right."""
    prompt = f"{item['question']} Answer with the number alone."
    async with turn:
        answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
    text = answer.choices[0].message.content or ""
    return {**item, "output": text, "correct": text.strip() == item["answer"]}


async def ask_all(base_url: str, key: str, items: list[dict[str, Any]], model: str, in_flight: int) -> list[Any]:
    """Return every item with its answer, in their order."""
    turn = asyncio.Semaphore(in_flight)
    async with AsyncOpenAI(base_url=base_url, api_key=key) as client:
        found: list[Any] = await asyncio.gather(*(ask(client, turn, model, item) for item in items))
    return found


def main(base_url: str, key: str, file: Path, model: str, in_flight: int) -> None:
    """Ask every item of the file and write the answers beside it; fail where one is wrong."""
    items = [json.loads(line) for line in file.read_text().splitlines()]
    found = asyncio.run(ask_all(base_url, key, items, model, in_flight))
    file.with_suffix(".answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))
    wrong = sum(not row["correct"] for row in found)
    if wrong:
        raise SystemExit(f"{wrong} of {len(found)} answers are wrong")


if __name__ == "__main__":
    base_url, key, file, model, in_flight = sys.argv[1:]
    main(base_url, key, Path(file), model, int(in_flight))
