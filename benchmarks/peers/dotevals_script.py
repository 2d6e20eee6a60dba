"""The job in dotevals: its batches, as large as calls are in flight, each asked at once with the openai SDK."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from dotevals import Result, batch, run
from dotevals.evaluators import exact_match
from openai import AsyncOpenAI


def evaluate(base_url: str, key: str, file: Path, model: str, in_flight: int) -> None:
    """Evaluate every item of the file; fail unless all answers are right."""
    items = [json.loads(line) for line in file.read_text().splitlines()]
    rows = [(f"{item['question']} Answer with the number alone.", item["answer"]) for item in items]
    client = AsyncOpenAI(base_url=base_url, api_key=key)

    async def ask(prompt: str, expected: str) -> Any:
        answer = await client.chat.completions.create(model=model, messages=[{"role": "user", "content": prompt}])
        text = answer.choices[0].message.content or ""
        return Result(exact_match(text, expected), prompt=prompt, model_response=text)

    @batch("prompt,expected", rows, batch_size=in_flight)  # type: ignore[untyped-decorator]  # it has no types
    async def sums(prompt: list[str], expected: list[str]) -> list[Any]:
        return await asyncio.gather(*(ask(*pair) for pair in zip(prompt, expected, strict=True)))

    records = run(sums, experiment=file.stem, storage=f"json://{file}.results")
    right = sum(record.error is None and all(score.value for score in record.scores) for record in records)
    if right != len(items):
        raise SystemExit(f"{right} of {len(items)} answers are right")


if __name__ == "__main__":
    base_url, key, file, model, in_flight = sys.argv[1:]
    evaluate(base_url, key, Path(file), model, int(in_flight))
